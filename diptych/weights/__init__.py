"""Parameters and tokenizers of real models, read from files; nothing is unpickled."""
