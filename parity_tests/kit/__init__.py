"""The kit: other people's implementations are compared with the reference."""
