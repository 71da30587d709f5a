"""Decisions: pure state machines, and the replica that composes them."""
