"""What a model is stacked from: feed-forward layers, and blocks with attention."""
