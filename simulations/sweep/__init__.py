"""Many seeds of one scenario, or of the generator: run, kept, compared, and told."""
