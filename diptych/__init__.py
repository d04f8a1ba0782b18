"""The application: the `diptych` command and what it shows."""
