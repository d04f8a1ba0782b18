"""The pairs of tokenizers, held together and to their laws."""
