"""The reader in a terminal."""
