"""Feed-forward layers and transformer blocks: their tests."""
