"""Randomness by purpose: a stream of its own for each thing that may go well or badly.

If all luck came from one stream, leaving out one fault would change the delay of every later
message, and nothing could be compared. Here the stream of a link depends on the seed and on the
name of that link alone, so two runs differ only where something was changed.
"""

from hashlib import blake2b
from random import Random


class Luck:
    """The streams of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, *purpose: str | int) -> Random:
        """The stream for ``purpose``, from its beginning."""
        name = "/".join(map(str, (self._seed, *purpose)))
        return Random(int.from_bytes(blake2b(name.encode(), digest_size=16).digest(), "big"))
