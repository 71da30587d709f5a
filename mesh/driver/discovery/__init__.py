"""Hints where to knock: seeds looked up again and again, and multicast DNS. Nothing is trusted."""
