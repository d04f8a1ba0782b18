"""What a pair is, and what is asked of it."""
