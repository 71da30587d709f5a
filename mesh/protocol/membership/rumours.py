"""News on their way through the mesh, like a rumour: told to a few, who tell it to a few.

Each piece is told a bounded number of times, enough to reach everybody with great probability; then
it is dropped, and at rest nothing is said. What was told least often goes first, so a burst of news
does not starve the latest.

Source: SWIM's infection-style dissemination. Bounded: one piece for each member, and for a suspect
one for each accuser that counts.
"""

from dataclasses import dataclass
from typing import Final

from mesh.wire.limits import NEWS_PER_DATAGRAM_MAX
from mesh.wire.messages import News, Standing

NEWS_BYTES_MAX: Final = 850
"""News in one datagram: what a message may have there (1,032) less a probe with its summary
(150)."""

NEWS_BESIDE_ADDRESS_BYTES_MAX: Final = 600
"""News where the message also names a member and its address (350)."""


@dataclass(slots=True)
class _Rumour:
    news: News
    told: int = 0


class Rumours:
    """What this controller still has to tell."""

    def __init__(self) -> None:
        self._rumours: dict[tuple[bytes, bytes | None], _Rumour] = {}

    def __len__(self) -> int:
        return len(self._rumours)

    def add(self, news: News) -> None:
        """Tell ``news`` from now on, and no longer what it contradicts."""
        controller = news.member.controller
        stale = [
            key
            for key, rumour in self._rumours.items()
            if key[0] == controller and not _both_accuse(rumour.news, news)
        ]
        for key in stale:
            del self._rumours[key]
        accuser = news.accuser if news.standing is Standing.SUSPECT else None
        self._rumours[controller, accuser] = _Rumour(news)

    def forget(self, controller: bytes) -> None:
        """Say nothing more about ``controller``."""
        for key in [key for key in self._rumours if key[0] == controller]:
            del self._rumours[key]

    def clear(self) -> None:
        """There is nobody to tell."""
        self._rumours.clear()

    def take(
        self,
        listeners: int,
        told_max: int,
        first: tuple[News, ...] = (),
        bytes_max: int = NEWS_BYTES_MAX,
    ) -> tuple[News, ...]:
        """``first``, then rumours, counted as told to each of ``listeners`` members."""
        taken = list(first)
        room = bytes_max - sum(map(news_bytes, first))
        for key, rumour in sorted(self._rumours.items(), key=lambda item: item[1].told):
            room -= news_bytes(rumour.news)
            if room < 0 or len(taken) == NEWS_PER_DATAGRAM_MAX:
                break
            taken.append(rumour.news)
            rumour.told += listeners
            if rumour.told >= told_max:
                del self._rumours[key]
        return tuple(taken)


def _both_accuse(one: News, other: News) -> bool:
    """Two accusers of one suspect: both count."""
    return (
        one.standing is Standing.SUSPECT is other.standing
        and one.member == other.member
        and one.refutation == other.refutation
    )


def news_bytes(news: News) -> int:
    """An upper bound of the encoded size of ``news``."""
    fixed = 1 + (1 + 34 + 9 + 9) + (1 + len(news.standing)) + 9 + (1 + 3 + 3)
    return fixed + len(news.address.host.encode()) + (34 if news.accuser else 1)
