"""Operations that PyTorch gives for free, by hand: each with its backward."""
