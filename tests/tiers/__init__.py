"""Three tiers, one oracle: the same play on the simulator, in memory, and with real processes."""
