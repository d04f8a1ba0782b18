"""The reader in the browser: pages, what they are built from, and their server."""
