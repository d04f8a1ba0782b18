"""What PyTorch gives for free, by hand."""
