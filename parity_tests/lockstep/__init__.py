"""Both backends run step by step, and every named quantity is compared."""
