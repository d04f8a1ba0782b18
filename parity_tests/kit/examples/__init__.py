"""Other people's code as plug-ins, each as a new user of the kit would write it."""
