"""The reader: both sides of a part beside each other, with numbers at every step."""
