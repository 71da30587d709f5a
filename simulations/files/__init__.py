"""Situations as people write them: TOML files, read strictly, every mistake with its line."""
