"""Who holds an elder life of this controller for the real one, and whether that is most of them.

Each member proves a fork for itself and tells the newer life so, in its answers. But one of them
may be lying: whoever stood aside for a single word could be silenced by any member. So this life
stands aside for more than half of the others that it sees alive, each in its own name, and takes
part again when those who say so are half of them or fewer. While nobody else is in sight it stays
as it was: there is nobody to ask. Nothing hangs on it but whether this life keeps quiet: those who
do hold an elder life for the real one leave this one out of their views, whatever it believes.
"""

from collections.abc import Collection


class Doubters:
    """The members that say so; only members are ever added, so there are no more than these."""

    def __init__(self) -> None:
        self._said: dict[bytes, None] = {}
        self.prevail = False
        """This life stands aside."""

    @property
    def are_none(self) -> bool:
        """Whether nobody says so, nor most of them did when they were last seen."""
        return not (self._said or self.prevail)

    def add(self, controller: bytes) -> None:
        """``controller`` says in its own name that an elder life of this controller answers it."""
        self._said[controller] = None

    def drop(self, controller: bytes) -> None:
        """``controller`` answered this life, and did not say so; or it is no member any longer."""
        _ = self._said.pop(controller, None)

    def weigh(self, others: Collection[bytes]) -> bool:
        """Count those among ``others``, who are seen alive; whether the outcome is another one."""
        if not others:
            return False
        saying = sum(other in self._said for other in others)
        before, self.prevail = self.prevail, 2 * saying > len(others)
        return self.prevail is not before
