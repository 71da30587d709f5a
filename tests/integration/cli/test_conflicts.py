"""Two sides of a partition contradict each other: what a person sees, and how it is decided."""

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

from mesh.cli.demo.troupe import Player, Troupe, open_troupe
from tests.integration.cli.hosts import TRELLIS, Outcome, await_, trellis

CAST = (("ash", "office"), ("birch", "office"), ("elm", "shop"))


def run(player: Player, *words: str) -> Outcome:
    """One command on the host of ``player``."""
    return trellis(*words, environment={"TRELLIS_DATA_DIR": str(player.data_dir)})


def gather(troupe: Troupe) -> None:
    """All of the cast, active in one environment, and all with the operator's key."""
    first, *others = troupe.players
    troupe.start(first, None)
    troupe.await_start(first)
    troupe.share_operator_key(first)
    for player in others:
        troupe.start(player, first)
        troupe.await_start(player)
        said = str(run(player, "status", "--json").json["controller"]["fingerprint"])
        await_(lambda said=said: said in run(first, "members").out)  # type: ignore[misc]
        assert run(first, "members", "accept", said).code == 0
        await_(lambda player=player: votes(player))  # type: ignore[misc]


def votes(player: Player) -> bool:
    """Whether it takes part at the barrier."""
    return bool(run(player, "status", "--json").json["votes"])


def aside(player: Player) -> list[str]:
    """The ids of what is set aside, as ``player`` shows it."""
    conflicts = run(player, "change", "conflicts", "--json").json["conflicts"]
    return [str(change["tx"]) for change in conflicts]


def test_conflicts_are_shown_and_restaged() -> None:
    """One stands and one is set aside, everywhere the same; restaged, it is applied."""
    with open_troupe(CAST) as troupe:
        gather(troupe)
        ash, elm = troupe["ash"], troupe["elm"]
        assert run(ash, "item", "set", "--name", "colour", "--value", "red").code == 0
        await_(lambda: "red" in run(elm, "item", "show", "colour").out)
        troupe.cut([("ash", "birch"), ("elm",)])
        words = ("item", "set", "--name", "colour", "--value")
        with ThreadPoolExecutor() as pool:
            office = pool.submit(run, ash, *words, "green")
            shop = pool.submit(run, elm, *words, "blue")
        assert office.result().code == 0, office.result()
        assert shop.result().code == 0, shop.result()
        assert "not yet on elm" in office.result().out
        troupe.relay.heal()
        await_(lambda: all(len(aside(player)) == 1 for player in troupe.players))
        assert len({tuple(aside(player)) for player in troupe.players}) == 1
        assert "green" in run(elm, "item", "show", "colour").out  # two of three stand
        told = run(elm, "change", "conflicts").out
        assert "item set colour" in told
        assert f"trellis change restage {aside(elm)[0][:8]}" in told
        assert "what stands for /item/colour was written by" in told
        restaged = run(elm, "change", "restage", aside(elm)[0][:8])
        assert restaged.code == 0, restaged
        await_(lambda: "blue" in run(ash, "item", "show", "colour").out)
        assert "the same stands, or waits, as" in run(ash, "change", "conflicts").out
        leave_waiting(troupe, ash)
        outlast_patience(troupe, ash)


def outlast_patience(troupe: Troupe, ash: Player) -> None:
    """What is sealed outlasts its patience, and who waits is told so and let go."""
    troupe.relay.heal()
    assert run(ash, "environment", "set", "--barrier", "majority").code == 0
    await_(lambda: all(is_by_majority(player) for player in troupe.players))
    troupe.cut([("ash",), ("birch",), ("elm",)])
    told = run(ash, "item", "set", "--name", "late", "--value", "1", "--patience", "1s")
    assert told.code == 1, told
    assert "in doubt: waits for" in told.out
    assert "Its patience is over; but who has sealed a change is bound by that." in told.out
    troupe.relay.heal()
    await_(lambda: bool(run(ash, "change", "show", "item set late", "--json").json["final"]))


def is_by_majority(player: Player) -> bool:
    """Whether it knows that the barrier is by majority."""
    return bool(run(player, "status", "--json").json["environment"]["policy"] == "majority")


def leave_waiting(troupe: Troupe, ash: Player) -> None:
    """Ctrl-C ends the waiting and not the change: it is applied all the same."""
    troupe.cut([("ash", "birch"), ("elm",)])
    words = ["item", "set", "--name", "left", "--value", "alone", "--data-dir", str(ash.data_dir)]
    waiting = subprocess.Popen([*TRELLIS, *words], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    told = ""
    while "waits for elm" not in told:
        told = waiting.stdout.readline()
        assert told, "it ended before it waited"
    waiting.send_signal(signal.SIGINT)
    said, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert "left where it is" in said
    await_(lambda: "alone" in run(ash, "item", "show", "left").out)
