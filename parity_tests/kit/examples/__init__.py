"""Other people's code under test, each as a new user of the kit would write it."""
