"""All streams of one controller, by number and by peer, and whether there is room for more."""

from collections.abc import Collection, Iterator
from itertools import islice

from mesh.protocol.inputs import StreamId
from mesh.protocol.links.limits import (
    GREETING_MAX,
    STRANGERS_MAX,
    STRANGERS_PER_HOST_MAX,
    STREAMS_MAX,
)
from mesh.protocol.links.stream import Stream
from mesh.protocol.standing import Access


class StreamTable:
    """The streams, the oldest first; those with a Hello also by the controller that said it.

    Those without one are kept apart, since strangers can make them many: by age, and the ones that
    came to us also by their source. What a stranger's stream costs does not grow with their number.
    """

    def __init__(self) -> None:
        self._streams: dict[StreamId, Stream] = {}
        self._greeted: dict[bytes, list[Stream]] = {}
        self._mute: dict[StreamId, Stream] = {}
        self._crowds: dict[str, dict[StreamId, Stream]] = {}
        self._restless: dict[StreamId, Stream] = {}
        """Those with a Hello that are not at ease: few, where the mesh is large and well."""
        self._greeting = 0

    def __len__(self) -> int:
        return len(self._streams)

    def __iter__(self) -> Iterator[Stream]:
        return iter(tuple(self._streams.values()))

    def get(self, stream: StreamId) -> Stream | None:
        """The stream of this number; None where it is gone."""
        return self._streams.get(stream)

    @property
    def controllers(self) -> Collection[bytes]:
        """Who has said Hello on a stream that still is."""
        return self._greeted.keys()

    def of(self, controller: bytes) -> tuple[Stream, ...]:
        """The streams on which ``controller`` said Hello, in that order."""
        return tuple(self._greeted.get(controller, ()))

    def add(self, stream: Stream) -> None:
        """A stream opened."""
        assert stream.id not in self._streams, "the driver never reuses the number of a stream"
        self._streams[stream.id] = stream
        self._mute[stream.id] = stream
        if stream.dialled is None:
            self._greeting += 1
            self._crowds.setdefault(stream.source, {})[stream.id] = stream

    def greet(self, stream: Stream) -> None:
        """The first Hello was heard on ``stream``."""
        self._is_mute_no_more(stream)
        self._greeted.setdefault(stream.sender.controller, []).append(stream)
        self.watch(stream)

    def watch(self, stream: Stream) -> None:
        """What ``stream`` waits for may be something else now."""
        if not stream.is_at_ease:
            self._restless[stream.id] = stream
        else:
            _ = self._restless.pop(stream.id, None)

    def remove(self, stream: Stream) -> None:
        """``stream`` is gone."""
        del self._streams[stream.id]
        if stream.hello is None:
            self._is_mute_no_more(stream)
            return
        _ = self._restless.pop(stream.id, None)
        streams = self._greeted[stream.sender.controller]
        streams.remove(stream)
        if not streams:
            del self._greeted[stream.sender.controller]

    def _is_mute_no_more(self, stream: Stream) -> None:
        del self._mute[stream.id]
        if stream.dialled is None:
            self._greeting -= 1
            crowd = self._crowds[stream.source]
            del crowd[stream.id]
            if not crowd:
                del self._crowds[stream.source]

    def awaited(self) -> Iterator[Stream]:
        """Those that may be the next to have taken too long: the oldest mute one, all restless."""
        yield from islice(self._mute.values(), 1)
        yield from self._restless.values()

    @property
    def greeting(self) -> int:
        """How many came to us and have not said Hello."""
        return self._greeting

    @property
    def strangers(self) -> int:
        """How many came to us, said Hello, and are no members."""
        return sum(_is_stranger(stream) for stream in self._streams.values())

    def is_overfull(self) -> bool:
        """Whether the last stream was one too many."""
        return len(self._streams) > STREAMS_MAX

    def crowding(self) -> Stream | None:
        """The stream that has to go where too many have not said Hello; None where they fit.

        It is the oldest one from the source that has most of them.
        """
        if self._greeting <= GREETING_MAX:
            return None
        crowd = max(self._crowds.values(), key=len)
        return next(iter(crowd.values()))

    def has_room_for_stranger(self, host: str) -> bool:
        """Whether one more stranger at the IP address ``host`` is heard."""
        neighbours = sum(
            _is_stranger(stream) and stream.remote.host == host for stream in self._streams.values()
        )
        return self.strangers < STRANGERS_MAX and neighbours < STRANGERS_PER_HOST_MAX


def _is_stranger(stream: Stream) -> bool:
    came = stream.dialled is None
    return came and stream.access is not None and stream.access is not Access.MEMBER
