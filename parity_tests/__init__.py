"""What is asked of both packages: at every step, of each alone, and in one form."""
