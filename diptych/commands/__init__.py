"""The commands of `diptych`, one file each."""
