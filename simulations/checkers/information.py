"""The exact oracle of running information: what must be visible at the end, from the writes alone.

Each write replaces what its author could see at that path and nothing else (an observed-remove
register with conflicts; Shapiro et al., "A comprehensive study of convergent and commutative
replicated data types", 2011). So the end is a function of who wrote what having seen what:
a value is visible if its write survived and no surviving write had seen it. Nothing of the
store's own bookkeeping enters here.

A write survives for certain once it was acknowledged, unless every disk that held it was lost.
What controllers write for themselves, as the board of changes that wait, is not looked at.
One that was never acknowledged may survive or not, but whole: if what is seen can be explained
without it, then it is gone and so is all that it would have replaced.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mesh.protocol.inputs import Path


@dataclass(slots=True)
class Deed:
    """One write or removal at one path."""

    id: int
    path: Path
    value: str | None
    """None removes."""
    observed: frozenset[object]
    """What its author saw there."""
    host: str
    """Where it was asked for."""
    is_certain: bool = False
    """Acknowledged, and not lost with all disks that held it."""


class InformationOracle:
    """All writes of one run."""

    def __init__(self) -> None:
        self._deeds: dict[Path, list[Deed]] = {}
        self._by_call: dict[int, list[Deed]] = {}
        self._untold: set[Path] = set()
        self._count = 0
        self.lost = 0
        """Writes that nobody was promised and nobody has."""

    def wrote(
        self, call: int, path: Path, observed: frozenset[object], host: str, *, removes: bool
    ) -> str | None:
        """A client of ``host`` asks for a write; the value to write, None for a removal."""
        self._count += 1
        value = None if removes else f"value {self._count:06}."
        deed = Deed(self._count, path, value, observed, host)
        self._deeds.setdefault(path, []).append(deed)
        self._by_call.setdefault(call, []).append(deed)
        return value

    def asked(self, call: int) -> tuple[Deed, ...]:
        """What ``call`` asked for and is not yet told about."""
        return tuple(self._by_call.get(call, ()))

    def acknowledged(self, call: int) -> tuple[Deed, ...]:
        """The client was told that it is done; what exactly is."""
        deeds = tuple(self._by_call.pop(call, ()))
        for deed in deeds:
            deed.is_certain = True
        return deeds

    def refused(self, call: int) -> None:
        """The client was told that nothing came of it."""
        for deed in self._by_call.pop(call, ()):
            self._deeds[deed.path].remove(deed)

    def paths(self) -> tuple[Path, ...]:
        """Every path that was ever written."""
        return tuple(sorted(self._deeds))

    def wiped(self, elsewhere: Mapping[Path, frozenset[object]]) -> None:
        """A disk was lost; ``elsewhere`` is what all others show. What only it held is in doubt."""
        for path, deeds in self._deeds.items():
            shown = elsewhere.get(path, frozenset())
            for deed in deeds:
                if deed.value is None or deed.value not in shown:
                    deed.is_certain = False

    def cut_off(self, hosts: Collection[str]) -> None:
        """``hosts`` are broken for ever: what was asked for there may never have come further."""
        for deeds in self._deeds.values():
            for deed in deeds:
                if deed.host in hosts:
                    deed.is_certain = False

    def dismissed(self, hosts: Collection[str]) -> None:
        """``hosts`` were to be removed from the roster, which ends their entries if it happened.

        Where they wrote it cannot be told from the writes alone what must be visible.
        """
        self._untold = {
            path for path, deeds in self._deeds.items() if any(each.host in hosts for each in deeds)
        }

    def violations(self, entries: Iterable[tuple[Path, frozenset[object]]]) -> Iterator[str]:
        """What ``entries``, all that one controller shows, has too much or too little."""
        shown = dict(entries)
        for path in sorted(shown.keys() - self._deeds.keys()):
            yield f"{'/'.join(path)} is there and nobody wrote it"
        for path, deeds in sorted(self._deeds.items()):
            actual = shown.get(path, frozenset())
            expected = self._expected(deeds, actual)
            if actual != expected and path not in self._untold:
                yield (
                    f"{'/'.join(path)} shows {sorted(map(str, actual))},"
                    f" and must show {sorted(map(str, expected))}"
                )

    def _expected(self, deeds: list[Deed], actual: frozenset[object]) -> frozenset[object]:
        """What must be visible, where ``actual`` decides about writes that may be lost or not."""
        surviving = list(deeds)
        while True:
            replaced = frozenset[object]().union(*(deed.observed for deed in surviving))
            visible = frozenset(
                deed.value
                for deed in surviving
                if deed.value is not None and deed.value not in replaced
            )
            gone = next(
                (
                    deed
                    for deed in reversed(surviving)
                    if not deed.is_certain and _is_gone(deed, visible, actual)
                ),
                None,
            )
            if gone is None:
                return visible
            surviving.remove(gone)
            self.lost += 1


def _is_gone(deed: Deed, visible: frozenset[object], actual: frozenset[object]) -> bool:
    """Whether ``actual`` says that ``deed`` never happened."""
    if deed.value is not None and deed.value in visible:
        return deed.value not in actual
    return bool(deed.observed & actual)
