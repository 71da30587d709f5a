"""Bytes to messages and back: typed, bounded, and never raising on what a peer sent."""
