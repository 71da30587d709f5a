"""A hostile peer: a program that speaks the protocol and means harm. ``make hostile``."""
