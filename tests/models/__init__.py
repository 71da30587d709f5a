"""Runs the models under docs/models through the model checker Spin."""
