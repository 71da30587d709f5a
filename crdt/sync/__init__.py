"""Anti-entropy: how two stores find out where they differ and make up for it."""
