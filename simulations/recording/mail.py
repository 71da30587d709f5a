"""All messages of a run in columns: who, to whom, when, what, and what became of each.

A hundred thousand messages as objects would take a hundred megabytes; as columns of numbers they
take ten. A message is known by its number, and everything that happens in the world has a place in
one order, so that what came before what is never a question of equal times. Invariant: all columns
are equally long, and column entry ``i`` is the message with the number ``first + i``.
"""

from array import array
from typing import Final, NamedTuple

MESSAGES_MAX: Final = 200_000
"""Kept at least; beyond twice as many the earliest are dropped. A run of an hour sends that many
among ten hosts, and what matters stands near its end."""

TEXTS_MAX: Final = 50_000
"""Different texts that are kept; later ones are told without words."""

NEVER: Final = -1
"""Stands for the place in the order of what has not happened."""


class Arrival(NamedTuple):
    """A message at its host, once more."""

    message: int
    time_ns: int
    order: int


class Letter(NamedTuple):
    """One message."""

    number: int
    source: int
    target: int
    sent_ns: int
    sent_order: int
    kind: str
    words: str
    size_bytes: int
    on_stream: bool
    arrived_ns: int
    arrived_order: int
    """NEVER where it did not arrive."""
    lost: str
    """Why it did not arrive; empty where it did, or was under way at the end."""
    lost_ns: int


class Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.all: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        """The number of ``text``; 0, that of the empty one, where there are too many."""
        known = self._numbers.get(text)
        if known is not None:
            return known
        if len(self.all) >= TEXTS_MAX:
            return 0
        self._numbers[text] = len(self.all)
        self.all.append(text)
        return len(self.all) - 1


class Mail:
    """The columns."""

    def __init__(self, messages_max: int = MESSAGES_MAX) -> None:
        self.first = 0
        """The number of the earliest message that is kept: so many were dropped."""
        self.texts = Texts()
        self.again: list[Arrival] = []
        """Second arrivals, of what was duplicated or replayed."""
        self._max = messages_max
        self._source, self._target = array("H"), array("H")
        self._kind, self._words, self._why = array("i"), array("i"), array("i")
        self._size, self._on_stream = array("i"), array("b")
        self._sent_ns, self._arrived_ns, self._lost_ns = array("q"), array("q"), array("q")
        self._sent_order, self._arrived_order = array("q"), array("q")

    def __len__(self) -> int:
        return len(self._source)

    @property
    def _columns(self) -> tuple["array[int]", ...]:  # quoted: not subscriptable in Python 3.11
        numbers = (self._source, self._target, self._kind, self._words, self._why, self._size)
        times = (self._sent_ns, self._arrived_ns, self._lost_ns)
        return (*numbers, self._on_stream, *times, self._sent_order, self._arrived_order)

    def sent(
        self,
        source: int,
        target: int,
        time_ns: int,
        order: int,
        *,
        kind: str,
        words: str,
        size_bytes: int,
        on_stream: bool,
    ) -> int:
        """A message leaves; its number."""
        if len(self) >= 2 * self._max:
            self._drop()
        self._source.append(source)
        self._target.append(target)
        self._kind.append(self.texts.number(kind))
        self._words.append(self.texts.number(words))
        self._why.append(0)
        self._size.append(size_bytes)
        self._on_stream.append(on_stream)
        self._sent_ns.append(time_ns)
        self._arrived_ns.append(0)
        self._lost_ns.append(0)
        self._sent_order.append(order)
        self._arrived_order.append(NEVER)
        return self.first + len(self) - 1

    def _drop(self) -> None:
        """Forget the earlier half."""
        for column in self._columns:
            del column[: self._max]
        self.first += self._max
        self.again = [each for each in self.again if each.message >= self.first]

    def arrived(self, message: int, time_ns: int, order: int) -> None:
        """``message`` is at its host, perhaps not for the first time."""
        at = message - self.first
        if at < 0:
            return
        if self._arrived_order[at] == NEVER:
            self._arrived_ns[at] = time_ns
            self._arrived_order[at] = order
        else:
            self.again.append(Arrival(message, time_ns, order))

    def lost(self, message: int, time_ns: int, why: str) -> None:
        """``message`` will not arrive."""
        at = message - self.first
        if at >= 0:
            self._why[at] = self.texts.number(why)
            self._lost_ns[at] = time_ns

    def target(self, message: int) -> int:
        """To whom ``message`` goes; it is kept."""
        return self._target[message - self.first]

    def __getitem__(self, number: int) -> Letter:
        at = number - self.first
        texts = self.texts.all
        return Letter(
            number,
            self._source[at],
            self._target[at],
            self._sent_ns[at],
            self._sent_order[at],
            texts[self._kind[at]],
            texts[self._words[at]],
            self._size[at],
            bool(self._on_stream[at]),
            self._arrived_ns[at],
            self._arrived_order[at],
            texts[self._why[at]],
            self._lost_ns[at],
        )

    @property
    def numbers(self) -> range:
        """The numbers of all messages that are kept."""
        return range(self.first, self.first + len(self))
