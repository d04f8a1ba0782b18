"""The pairs of attention, held together and to their laws."""
