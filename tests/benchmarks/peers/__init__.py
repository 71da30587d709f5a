"""``make bench-peers``: other systems beside ours, in one run on one machine."""
