"""Real controllers, killed at any moment: what a client was told must be there afterwards."""
