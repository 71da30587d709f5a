"""A controller as a node of Maelstrom, the test bench of Jepsen."""
