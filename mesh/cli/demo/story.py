"""The story: discovery, a value, a change, a partition, a merge; and at every turn, did it hold?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.client import quoted
from mesh.cli.demo.audience import StoryError, wait_until, watching
from mesh.cli.demo.narrator import Narrator
from mesh.cli.demo.troupe import Player, Troupe
from mesh.cli.output import duration

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Change, ChangeDetail, Members, Status

__all__ = ["CAST", "StoryError", "play"]

CAST: Final = (
    ("ash", "office"),
    ("birch", "office"),
    ("cedar", "office"),
    ("elm", "shop"),
    ("fir", "shop"),
)
OFFICE: Final = ("ash", "birch", "cedar")
SHOP: Final = ("elm", "fir")

Words = tuple[str, str, dict[str, object]]
"""One command: group, verb, parameters."""

OPENING: Final[tuple[Words, ...]] = (
    ("site", "create", {"name": "shop", "location": "eu.berlin.shop"}),
    ("service", "create", {"name": "till", "role": "counter", "count": 1}),
    (
        "path",
        "create",
        {"name": "till", "host": "till.example", "prefix": "/", "services": {"till": 100}},
    ),
)


def play(troupe: Troupe, narrator: Narrator) -> None:
    """All of it. Raises StoryError where it cannot go on."""
    _meet(troupe, narrator)
    _share(troupe, narrator)
    _change_together(troupe, narrator)
    sides = _part(troupe, narrator)
    _merge(troupe, narrator, sides)


# --- 1 ------------------------------------------------------------------------------------------


def _meet(troupe: Troupe, narrator: Narrator) -> None:
    narrator.open(
        "They find each other",
        "Five controllers, five processes. Each knows only where ash is.",
    )
    begun = time.monotonic()
    ash, *others = troupe.players
    troupe.start(ash, None)
    troupe.await_start(ash)
    narrator.tell(f"ash founds an environment ({duration(_since_ns(begun))} after its start).")
    troupe.share_operator_key(ash)
    for player in others:
        troupe.start(player, ash)
    for player in others:
        troupe.await_start(player)
    for player in others:
        _accept(ash, player, narrator)
    _ = wait_until(
        lambda: all(_sees(player) == len(CAST) for player in troupe.players),
        "all five alive in everybody's eyes, and active",
    )
    took_ns = _since_ns(begun)
    narrator.fact("took_ms", took_ns // 1_000_000)
    narrator.tell(
        f"{duration(took_ns)} after the first start each of them knows all five, not only ash."
    )
    narrator.check("all five are active and see each other alive", held=True)
    took_s = wait_until(
        lambda: all(_knows_clocks(player) for player in troupe.players), "every clock compared"
    )
    narrator.tell(
        f"With each probe they compare clocks; {duration(round(took_s * 1e9))} later everybody "
        "knows how far apart all are."
    )


def _knows_clocks(player: Player) -> bool:
    rows = _members(player)["members"]
    return all(row["own"] or row["clock_offset_ns"] is not None for row in rows)


def _accept(ash: Player, newcomer: Player, narrator: Narrator) -> None:
    """A person compares the fingerprint with the newcomer's screen; the demo trusts itself."""
    fingerprint = _status(newcomer)["controller"]["fingerprint"]
    _ = wait_until(
        lambda: fingerprint in {line["fingerprint"] for line in _members(ash)["pending"]},
        f"{newcomer.name} at ash's door",
    )
    begun = time.monotonic()
    _ = ash.client.post("/v1/members/accept", {"fingerprint": fingerprint})
    _ = wait_until(lambda: _status(newcomer)["votes"], f"{newcomer.name} takes part at the barrier")
    narrator.tell(
        f"{newcomer.name} knocks and waits; `trellis members accept {fingerprint}` on ash lets it "
        f"in ({duration(_since_ns(begun))})."
    )


def _sees(player: Player) -> int:
    rows = _members(player)["members"]
    return sum(row["standing"] == "alive" and row["state"] == "active" for row in rows)


# --- 2 ------------------------------------------------------------------------------------------


def _share(troupe: Troupe, narrator: Narrator) -> None:
    narrator.open(
        "A value, seen everywhere",
        "Running information needs nobody's leave: it is written on one, and all have it.",
    )
    with watching(troupe.players) as audience:
        path, value = "/till/1/address", "10.0.0.7"
        begun_ns = time.monotonic_ns()
        _ = troupe["fir"].client.put(f"/v1/info{path}", {"value": value})
        _ = wait_until(
            lambda: len(audience.seen_at_ns(path, value)) == len(CAST), f"{path} on all five"
        )
        seen = audience.seen_at_ns(path, value)
    narrator.tell(f"fir: trellis info set {path} {value}")
    times = [(player.name, (seen[player.name] - begun_ns) / 1e6) for player in troupe.players]
    narrator.bars("seen_ms", times, "ms")
    values = [_value(player, path) for player in troupe.players]
    narrator.check(f"all five read {value}", held=values == [value] * len(CAST))


def _value(player: Player, path: str) -> object:
    return player.client.get(f"/v1/info{path}")["value"]


# --- 3 ------------------------------------------------------------------------------------------


def _change_together(troupe: Troupe, narrator: Narrator) -> None:
    narrator.open(
        "One change, at one moment",
        "The configuration changes for all or for none: a ChangeSet waits at the barrier until "
        "every controller has it on disk; then all apply it at one instant.",
    )
    birch = troupe["birch"]
    begun_ns = time.monotonic_ns()
    tx = _submit(birch, "open the shop", OPENING)
    narrator.tell("birch: a ChangeSet of three commands, 'open the shop': site, service, path.")
    detail = _await_applied(birch, tx, len(CAST))
    took_ns = time.monotonic_ns() - begun_ns
    sealed = ", ".join(who["name"] for who in detail["sealed"])
    narrator.tell(f"staged on all: sealed by {sealed}.")
    _tell_skew(detail, narrator)
    narrator.fact("took_ms", took_ns / 1e6)
    narrator.tell(f"{duration(took_ns)} from the command until all five had said so.")
    narrator.check("staged on all five", held=len(detail["sealed"]) == len(CAST))
    narrator.check("applied on all five", held=detail["applied"]["count"] == len(CAST))
    _check_equal(troupe.players, narrator)


def _tell_skew(detail: ChangeDetail, narrator: Narrator) -> None:
    applied = detail["applied"]
    swaps = {swap["controller"]["name"]: swap["at_ns"] for swap in applied["swaps"]}
    first = min(swaps.values())
    narrator.bars("swapped_ms", [(name, (at - first) / 1e6) for name, at in swaps.items()], "ms")
    spread_ns = max(swaps.values()) - first
    narrator.fact("skew_ms", spread_ns / 1e6)
    narrator.tell(f"{detail['text']}.")
    if spread_ns != applied["skew_ns"]:
        narrator.tell(f"{duration(spread_ns)} from the first to the last of all.")
    reasons = sorted({swap["why"] for swap in applied["swaps"] if swap["why"]})
    for reason in reasons:
        narrator.tell(f"Not all waited for the instant: {reason}.")


# --- 4 ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sides:
    """What each side did alone."""

    office: str
    shop: str
    shop_only: str


def _part(troupe: Troupe, narrator: Narrator) -> Sides:
    narrator.open(
        "The network is cut in two",
        "ash, birch and cedar on one side, elm and fir on the other; nothing gets across. "
        "Both sides go on, and both change the same thing.",
    )
    troupe.cut((OFFICE, SHOP))
    begun_ns = time.monotonic_ns()
    office = _submit(troupe["ash"], "three tills", (_tills(3),))
    shop = _submit(troupe["fir"], "two tills", (_tills(2),))
    waits = cast("ChangeDetail", troupe["ash"].client.get(quoted("changes", office)))
    narrator.tell("ash: 'three tills' · fir: 'two tills'. At first each waits for the others:")
    narrator.tell(f"on ash  {waits['text']}")
    for name, tx in (("ash", office), ("fir", shop)):
        side = OFFICE if name == "ash" else SHOP
        detail = _await_applied(troupe[name], tx, len(side))
        narrator.tell(f"on {name}  {detail['text']}")
    narrator.tell(
        f"{duration(time.monotonic_ns() - begun_ns)} after the cut each side has found out that it "
        "is alone, and gone on."
    )
    shop_only = _submit(troupe["elm"], "a second site", (_second_site(),))
    _ = _await_applied(troupe["elm"], shop_only, len(SHOP))
    narrator.tell("elm: 'a second site', which contradicts nobody; applied in the shop only.")
    for name in ("ash", "fir"):
        _ = troupe[name].client.put(f"/v1/info/seen/{name}", {"value": "during the cut"})
    hashes = [_fingerprints([troupe[name]])[0][1] for name in ("ash", "fir")]
    narrator.tell(f"state on ash {hashes[0][:16]}, on fir {hashes[1][:16]}")
    narrator.check("both sides went on, and their configurations differ", held=len(set(hashes)) > 1)
    return Sides(office, shop, shop_only)


def _tills(count: int) -> Words:
    return "service", "modify", {"name": "till", "count": count}


def _second_site() -> Words:
    return "site", "create", {"name": "market", "location": "eu.berlin.market"}


# --- 5 ------------------------------------------------------------------------------------------


def _merge(troupe: Troupe, narrator: Narrator, sides: Sides) -> None:
    narrator.open(
        "The cut heals",
        "Whoever sees that the histories grew apart proposes a merge: a ChangeSet like any other, "
        "through the same barrier, applied on all at one moment.",
    )
    begun_ns = time.monotonic_ns()
    troupe.relay.heal()
    _ = wait_until(lambda: _are_equal(troupe.players), "one history on all five")
    narrator.fact("merged_after_ms", (time.monotonic_ns() - begun_ns) / 1e6)
    took = duration(time.monotonic_ns() - begun_ns)
    narrator.tell(f"{took} after the heal all five have one history.")
    merge = _last_merge(troupe["ash"])
    _tell_skew(_await_applied(troupe["ash"], merge["tx"], len(CAST)), narrator)
    _tell_outcome(troupe, narrator, sides)
    _ = wait_until(lambda: _has_both_notes(troupe.players), "what both sides wrote, on all five")
    narrator.check("running information of both sides is on all five", held=True)
    _check_equal(troupe.players, narrator)


def _last_merge(player: Player) -> Change:
    changes = cast("list[Change]", player.client.get("/v1/changes")["changes"])
    for change in changes:
        if change["kind"] == "merge" and change["word"] == "applied":
            return change
    raise StoryError("the histories are equal, yet there was no merge")


def _tell_outcome(troupe: Troupe, narrator: Narrator, sides: Sides) -> None:
    fir = troupe["fir"]
    standing = {tx: _detail(fir, tx) for tx in (sides.office, sides.shop, sides.shop_only)}
    words = [detail["word"] for detail in standing.values()]
    for detail in standing.values():
        narrator.tell(f"{detail['name']} ({detail['id']}): {detail['text']}")
    narrator.check(
        "of the two that contradict, one stands and one is set aside, whole",
        held=sorted(words[:2]) == ["applied", "set aside"],
    )
    narrator.check("what contradicted nobody stands", held=words[2] == "applied")
    aside = [detail for detail in standing.values() if detail["word"] == "set aside"]
    narrator.fact("set_aside", [detail["name"] for detail in aside])
    if aside:
        narrator.tell(
            f"Nothing is lost: `trellis change restage {aside[0]['id']}` stages it again."
        )


def _has_both_notes(players: Sequence[Player]) -> bool:
    return all(
        len(cast("list[object]", player.client.get("/v1/info", prefix="/seen")["entries"]))
        == len(SHOP)
        for player in players
    )


# --- what they all use --------------------------------------------------------------------------


def _submit(player: Player, name: str, commands: Sequence[Words]) -> str:
    body = {
        "name": name,
        "commands": [
            {"group": group, "verb": verb, "parameters": parameters}
            for group, verb, parameters in commands
        ],
    }
    return str(player.client.post("/v1/changes", body)["tx"])


def _await_applied(player: Player, tx: str, count: int) -> ChangeDetail:
    """When ``count`` controllers have applied it and said when."""

    def is_applied() -> bool:
        applied = _detail(player, tx)["applied"]
        return applied["count"] >= count and len(applied["swaps"]) >= count

    _ = wait_until(is_applied, f"'{_detail(player, tx)['name']}' on {count} controllers")
    return _detail(player, tx)


def _detail(player: Player, tx: str) -> ChangeDetail:
    return cast("ChangeDetail", player.client.get(quoted("changes", tx)))


def _status(player: Player) -> Status:
    return cast("Status", player.client.get("/v1/status"))


def _members(player: Player) -> Members:
    return cast("Members", player.client.get("/v1/members"))


def _fingerprints(players: Sequence[Player]) -> list[tuple[str, str]]:
    """History and state of each, as far as readers are shown them."""
    stands = [_status(player)["environment"] for player in players]
    return [
        (environment["history_hash"], environment["shown_hash"])
        for environment in stands
        if environment is not None and environment["state_hash"] == environment["shown_hash"]
    ]


def _are_equal(players: Sequence[Player]) -> bool:
    found = _fingerprints(players)
    return len(found) == len(players) and len(set(found)) == 1


def _check_equal(players: Sequence[Player], narrator: Narrator) -> None:
    _ = wait_until(lambda: _are_equal(players), "the same state on all")
    history, state = _fingerprints(players)[0]
    narrator.fact("state_hash", state)
    narrator.check(f"one history {history[:16]} and one state {state[:16]} on all five", held=True)


def _since_ns(begun_s: float) -> int:
    return round((time.monotonic() - begun_s) * 1e9)
