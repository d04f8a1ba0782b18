"""The pairs that feed a model, held together and to their laws."""
