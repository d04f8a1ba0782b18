"""Other people's code as oracles: what it takes to compare with it in float64."""
