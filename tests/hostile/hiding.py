"""An attack on what others write: a member gone bad says how far they have come, and hides it.

Who believed that somebody has written a million times would pass over a million writes of his.
"""

import itertools
import os
import time
from collections.abc import Iterator
from typing import Final, TypeAlias

from crdt.limits import PROTOCOL_VERSION, epoch_tag_bytes
from crdt.sync import codec as store_codec
from crdt.sync.messages import Cover, Digest, Heard, Ping, Summary
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Facts, StoreMessage
from tests.hostile.attack import Landed
from tests.hostile.from_within import as_member, chain_of, epoch_of, lives
from tests.hostile.stage import Stage
from tests.hostile.wolf import Line
from tests.hosts.asking import entry, put

Claim: TypeAlias = tuple[tuple[Heard, ...], tuple[tuple[bytes, int], ...]]
"""How far writers have come, and how far controllers."""

AHEAD: Final = 1_000_000
ASKED: Final = 6
"""How often the target is made to compare."""
WAIT_S: Final = 0.5
"""For the target's questions, each time."""
HEARD_S: Final = 10.0
"""Within this time what the honest write has to be everywhere."""


def how_far_others_have_come(stage: Stage) -> int:
    """Says to have seen a million writes, and lives, of the honest: all of them gone."""
    tries = 0
    with as_member(stage, reachable=False) as (wolf, line, loot):
        line.say(Facts((chain_of(wolf, loot)[0].signed,), direct=True))
        others = lives(stage, loot)[1:]  # the first is the target, which knows how far it has come
        for claim in itertools.islice(_claims(others), ASKED):
            line.say(StoreMessage(_question(epoch_of(loot))))
            tries += _boast(line, claim)
    if not tries:
        raise Landed("the target never asked, so that nothing was tried")
    _look_whether_they_are_heard(stage)
    return tries


def _question(epoch: bytes) -> bytes:
    """PING with sums of nothing: whoever hears it asks for what it lacks."""
    sums = [os.urandom(8) for _ in range(4)]
    return store_codec.encode(
        Ping(PROTOCOL_VERSION, epoch[:epoch_tag_bytes], 1, Summary(*sums[:2]), Summary(*sums[2:]))
    )


def _boast(line: Line, claim: Claim) -> int:
    """Answer each store that asks now; how many did."""
    answered = 0
    for message in line.hear_all(WAIT_S):
        digest = store_codec.decode(message.payload) if isinstance(message, StoreMessage) else None
        if isinstance(digest, Digest) and digest.chunk == digest.chunks - 1:
            line.say(StoreMessage(store_codec.encode(_cover(digest, claim))))
            answered += 1
    return answered


def _claims(others: list[Incarnation]) -> Iterator[Claim]:
    """A million writes of each, or all of them collected, too, or a million lives; and again."""
    yield from itertools.cycle(
        (
            (tuple(Heard(each.nonce, AHEAD) for each in others), ()),
            (tuple(Heard(each.nonce, AHEAD, AHEAD) for each in others), ()),
            ((), tuple((each.controller, AHEAD) for each in others)),
        )
    )


def _cover(digest: Digest, claim: Claim) -> Cover:
    """COVER over nothing that was sent."""
    entries, watermarks = claim
    return Cover(
        digest.owned,
        digest.session,
        chunk=0,
        chunks=1,
        parts=0,
        records=0,
        dots_sum=bytes(8),
        root=os.urandom(8),
        secret_version=1,
        entries=entries,
        watermarks=watermarks,
    )


def _look_whether_they_are_heard(stage: Stage) -> None:
    """What each of the honest writes now is read at all of them. Raises Landed."""
    names = {f"heard-{process.name}": process for process in stage.honest}
    for name, process in names.items():
        put(process, name, "true")
    waiting = {(name, process.name): process for name in names for process in stage.honest}
    deadline = time.monotonic() + HEARD_S
    while waiting and time.monotonic() < deadline:
        waiting = {at: each for at, each in waiting.items() if entry(each, at[0]) != "true"}
    if waiting:
        name, reader = min(waiting)
        raise Landed(f"{reader} does not hear what was written as {name}")
