"""The data that replicas share: pure values whose only way to combine is a join."""
