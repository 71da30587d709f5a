"""Whether a store went on without a break, judged by what cannot go on by itself.

Think of a watch that stops when it is opened: it still running proves that nobody opened it. A
store that was rolled back does not know it; but a restored image is another file, a reboot has
another kernel boot id, a restored machine's clock has gone back, and a number kept outside the
store is ahead of the one inside. A start that proves nothing costs little (the controller says
`lost` and others close its old votes for it); a start that claims continuity wrongly can break
agreement. So every doubt counts, and a doubt stays until a life after it has said so in a fact of
its own.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from mesh.driver.restarts import Restarts, next_start
from mesh.wire.identity import Counter

STARTED_ANEW: Final = "the host was started anew"
NOT_REMEMBERED: Final = "nothing outside the data directory says how far the journal had come"
ORDINARY: Final = frozenset({STARTED_ANEW, NOT_REMEMBERED})
"""Doubts that come with every reboot: nobody needs to look at the disk for them."""


class Host(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The machine and the file as one life found them."""

    kernel_boot: Annotated[str, msgspec.Meta(max_length=64)]
    """Random, new whenever a kernel starts."""
    device: int
    inode: int


class Life(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the driver writes when a life begins, before anything else."""

    boot: Counter
    host: Host
    doubted: Counter | None
    """The last boot whose start was in doubt."""
    restarts: Restarts


class Progress(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Written with every transaction."""

    commits: Counter = 0
    """Transactions so far."""
    boottime_ns: Counter = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What a store says of its past."""

    last: Life | None
    """None: there was no life before, or its row was damaged."""
    progress: Progress
    previous_boot: int | None
    """The last boot that wrote a fact."""
    is_damaged: bool
    """And was written anew from what could be read of it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the start sees outside the store."""

    host: Host
    boottime_ns: int
    witnessed: int | None
    """Transactions that the file outside the store tells of, None where it tells nothing."""
    remembered: int | None
    """The same from the kernel's memory, which no copy of the data directory holds."""
    asks_kernel: bool
    """Whether the kernel's memory is asked at all."""
    doubt: str | None
    """Why the former life of this process ended, where that alone is a reason."""
    boot_floor: int
    """The next boot number lies above it, for others have seen that one."""
    restart_wait_ns_max: int


def doubts(memory: Memory, here: Surroundings) -> tuple[str, ...]:
    """Why the store may not be whole here and now; empty: nothing speaks against it."""
    found = [here.doubt] if here.doubt is not None else []
    if memory.is_damaged:
        found.append("the journal was damaged")
    if here.witnessed is not None and here.witnessed > memory.progress.commits:
        missing = here.witnessed - memory.progress.commits
        found.append(f"the journal lacks the last {missing} transactions that were durable")
    last = memory.last
    if last is None:
        return tuple(found)
    if here.host.kernel_boot != last.host.kernel_boot:
        found.append(STARTED_ANEW)
    elif here.boottime_ns < memory.progress.boottime_ns:
        found.append("the clock since the host's start went back, as that of a restored machine")
    is_other = (here.host.device, here.host.inode) != (last.host.device, last.host.inode)
    if is_other and not memory.is_damaged:  # whose file is another one: it was written anew
        found.append("the journal is another file than before, as a restored one is")
    if here.witnessed is None:
        found.append("nothing outside the journal says how far it had come")
    if here.asks_kernel:
        found += _contradictions(memory, here)
    if not found and _carries_doubt(last.doubted, memory.previous_boot):
        found.append("an earlier start was in doubt and ended before it could say so")
    return tuple(found)


def _contradictions(memory: Memory, here: Surroundings) -> list[str]:
    """What the kernel remembers otherwise, as long as it is the same kernel."""
    assert memory.last is not None, "a store without a past claims nothing"
    if here.host.kernel_boot != memory.last.host.kernel_boot:
        return []
    if here.remembered is None:
        return [NOT_REMEMBERED]
    behind = memory.progress.commits - here.remembered
    if behind in {0, 1}:  # killed between the two files, it may be one behind
        return []
    text = "the journal is not the one that this host wrote last: it ends with transaction"
    return [f"{text} {memory.progress.commits}, and the kernel remembers {here.remembered}"]


def next_life(memory: Memory, here: Surroundings, *, in_doubt: bool) -> Life:
    """The life that begins here, with a boot number above all that are known."""
    last = memory.last
    boot = max(last.boot if last else 0, memory.previous_boot or 0, here.boot_floor) + 1
    same_kernel = last is not None and last.host.kernel_boot == here.host.kernel_boot
    restarts = last.restarts if last is not None and same_kernel else Restarts()
    return Life(
        boot=boot,
        host=here.host,
        doubted=boot if in_doubt else (last.doubted if last is not None else None),
        restarts=next_start(restarts, here.boottime_ns, here.restart_wait_ns_max),
    )


def _carries_doubt(doubted: int | None, previous_boot: int | None) -> bool:
    """Whether no later life has told the doubt of boot ``doubted`` in a fact of its own."""
    return doubted is not None and (previous_boot is None or previous_boot < doubted)
