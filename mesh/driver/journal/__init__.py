"""What survives: every write of the replica, durable before anything that depends on it is seen."""
