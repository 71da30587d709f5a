"""Damage to one controller's memory: nothing false is spread, nothing is unsaid, and it heals."""
