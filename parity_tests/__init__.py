"""The contract: both sides in lockstep, the laws of each part, and the kit."""
