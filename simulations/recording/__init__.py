"""What happened in a run, kept for whoever wants to be told about it.

A recorder looks on like the checkers do, and answers nothing: a run with it and a run without it
have one digest. What it keeps is bounded, and what had to be dropped is counted.
"""
