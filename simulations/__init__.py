"""A whole mesh in one thread, from one seed: the real replica under virtual time."""
