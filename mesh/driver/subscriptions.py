"""Who wants to be told what changes here, and what happens to those who cannot keep up.

Each subscriber has a short queue of its own. When it is full, what follows is counted instead of
kept, and the subscriber reads one `Missed` in its place: then it looks at everything once more.
Nobody else waits for it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Self
from weakref import WeakSet

import trio

from mesh.protocol.effects import (
    ChangeProgressed,
    ConfigurationSwapped,
    InformationChanged,
    MemberChanged,
    Noticed,
)

QUEUE_MAX: Final = 1_024
"""Changes kept for one subscriber: a second of a busy environment."""


@dataclass(frozen=True, slots=True)
class Missed:
    """So many changes were not kept, because the subscriber was behind: look at everything anew."""

    count: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """The controller began a new life in this process; what was said before it may be void."""

    why: str


Change = (
    InformationChanged | ChangeProgressed | ConfigurationSwapped | MemberChanged | Noticed | Renewed
)
"""What can be subscribed to."""


class Subscription:
    """An endless stream of changes: ``async for change in subscription``.

    It ends when it is closed, when nothing refers to it any more, or when the controller stops.
    """

    def __init__(self, kinds: tuple[type[Change], ...], queue_max: int) -> None:
        self._kinds = kinds
        self._queue_max = queue_max
        self._queue: deque[Change] = deque()
        self._missed = 0
        self._is_closed = False
        self._news = trio.Event()

    def offer(self, change: Change) -> None:
        """Keep ``change`` if it was asked for and there is room."""
        if self._kinds and not isinstance(change, self._kinds):
            return
        if len(self._queue) < self._queue_max and not self._missed:
            self._queue.append(change)
        else:
            self._missed += 1
        self._news.set()

    def close(self) -> None:
        """Nothing more is kept; what is read ends after what was."""
        self._is_closed = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change | Missed:
        while True:
            if self._queue:
                await trio.lowlevel.checkpoint()
                return self._queue.popleft()
            if self._missed:
                await trio.lowlevel.checkpoint()
                missed, self._missed = self._missed, 0
                return Missed(missed)
            if self._is_closed:
                raise StopAsyncIteration
            self._news = trio.Event()
            await self._news.wait()


class Subscriptions:
    """All subscribers of one controller."""

    def __init__(self) -> None:
        self._subscribers: WeakSet[Subscription] = WeakSet()

    def add(self, *kinds: type[Change], queue_max: int = QUEUE_MAX) -> Subscription:
        """A new subscriber to changes of ``kinds``; none named: all."""
        subscription = Subscription(kinds, queue_max)
        self._subscribers.add(subscription)
        return subscription

    def publish(self, change: Change) -> None:
        """Tell everybody."""
        for subscriber in self._subscribers:
            subscriber.offer(change)

    def close(self) -> None:
        """No more changes will come."""
        for subscriber in self._subscribers:
            subscriber.close()
