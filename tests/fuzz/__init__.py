"""Fuzzing: bytes of strangers against every parser, led by which branches they reach.

`python -m tests.fuzz` runs it with Atheris, which is libFuzzer for Python; what it found worth
keeping lies in ``corpus``, and the tests of this folder read all of that again, without Atheris.
"""
