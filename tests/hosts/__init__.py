"""Controllers as real processes, for whoever tests, tortures or measures them."""
