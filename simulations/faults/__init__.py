"""Faults at work: each begins, works, ends, and counts how often it made a difference."""
