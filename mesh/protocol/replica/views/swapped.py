"""When a ChangeSet is shown, and where: by what each controller says of its own swap."""

from collections.abc import Sequence

from crdt import Standing as Liveliness
from mesh.protocol.barrier import Status
from mesh.protocol.replica.views.information import plain
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.shapes import AppliedView, SwapView


def applied(look: Look, tx: bytes, status: Status) -> AppliedView:
    """On how many it is, and when each began to show it."""
    roster = sorted(look.inside.roster.active)
    done = set(status.applied)
    by = [each for each in roster if each in done]
    together = {each.controller for each in status.sealed}
    swaps = [
        swap
        for each in roster
        if (swap := _swap(look, each, tx, took_part=each in together)) is not None
    ]
    return AppliedView(
        count=len(by),
        of=len(roster),
        by=[look.who(each) for each in by],
        missing=[look.who(each) for each in roster if each not in done],
        skew_ns=skew_ns(swaps),
        swaps=swaps,
    )


def _swap(look: Look, controller: bytes, tx: bytes, *, took_part: bool) -> SwapView | None:
    """What ``controller`` says of its swap; None where it has not, or restarted since."""
    path = ("swap", controller.hex(), tx.hex())
    owned = look.inside.information.owned
    # When it was is true whether or not its author can be reached now.
    found = owned.entries(path, lambda _: Liveliness.ALIVE, look.now.monotonic_ns, look.now.wall_ns)
    told = next((plain(entry.value) for entry in found), None)
    match look.inside.entries.unsaid.get(path, told):
        case {"at_ns": int(at_ns), "late": bool(late), "why": str(why)}:
            return SwapView(
                controller=look.who(controller),
                at_ns=at_ns,
                took_part=took_part,
                late=late,
                why=why,
            )
        case _:
            return None


def shown_at_ns(look: Look, tx: bytes, word: str, status: Status) -> int | None:
    """What was seen here, or else what is planned, or else what the seals say."""
    if word not in ("pending", "applied"):
        return None
    own = _swap(look, look.inside.desk.own.controller, tx, took_part=True)
    if own is not None:
        return own["at_ns"]
    awaited_ns = look.inside.crank.awaited_ns(tx)
    if awaited_ns is not None:
        return look.now.wall_ns + awaited_ns - look.now.monotonic_ns
    return status.instant_ns


def ahead_ns(look: Look, at_ns: int | None) -> int | None:
    """How long until then; None where that is past, or not known."""
    return at_ns - look.now.wall_ns if at_ns is not None and at_ns > look.now.wall_ns else None


def skew_ns(swaps: Sequence[SwapView]) -> int | None:
    """Between the first and the last of those who were to show it together."""
    on_time = [
        swap["at_ns"]
        for swap in swaps
        if swap["took_part"] and not swap["late"] and not swap["why"]
    ]
    return max(on_time) - min(on_time) if len(on_time) > 1 else None
