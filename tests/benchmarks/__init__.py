"""Measurements: figures for people, never tests."""
