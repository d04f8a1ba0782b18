"""What feeds a model: windows of a text, and embeddings of its tokens."""
