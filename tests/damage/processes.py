"""Damage to the files of one real controller of three, while clients write and change."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

from mesh.cli.errors import CommandError
from mesh.driver.directory import IDENTITY
from mesh.driver.journal.rows import Table, decode_fact_key
from tests.damage.files import KINDS, Damage, Files, held, is_whole
from tests.damage.outcome import Run
from tests.hosts.processes import FellShort, Process, await_that, free_ports
from tests.torture.kills import AGREE_S_MAX, check
from tests.torture.processes import Mesh, choose, open_mesh
from tests.torture.workload import Told, Workload

CONTROLLERS: Final = 3
RUNS_PER_MESH: Final = 10
TWINS_S: Final = 6.0
"""How long two copies of one controller run beside each other."""

NO_START_S_MAX: Final = 30.0
COPY_EVENTS: Final = ("twin", "quarantined", "contested", "fork", "rolled back", "life over")
KEY_EVENTS: Final = (IDENTITY,)


def run_many(runs: int, seed: int, tell: Callable[[Run], None]) -> None:
    """``runs`` runs, on a fresh mesh after some; ``tell`` is called with each."""
    for first in range(0, runs, RUNS_PER_MESH):
        with open_mesh(CONTROLLERS) as mesh:
            mesh.form()
            told = Told()
            for number in range(first, min(first + RUNS_PER_MESH, runs)):
                tell(_run(mesh, seed + number, told))
            _check_facts(mesh)


def _run(mesh: Mesh, seed: int, told: Told) -> Run:
    luck = Random(f"damage {seed}")
    victim = choose(luck, mesh.processes)
    kind = seed % (len(KINDS) + len(_OTHERS))
    logged = len(victim.log.read_bytes())
    if kind < len(KINDS):
        damage, words = KINDS[kind]
        name = str(damage.__name__).replace("_", " ")
        took = _damage_files(mesh, victim, damage, luck, told, seed)
    else:
        other, words = _OTHERS[kind - len(KINDS)]
        name, took = str(other.__name__).strip("_").replace("_", " "), True
        other(mesh, victim, luck)
    begun = time.monotonic()
    check(mesh, told)
    lines = victim.log.read_bytes()[logged:].decode(errors="replace")
    events = tuple(dict.fromkeys(_events(lines)))
    wrong = [f"{each.name}: {text}" for each in mesh.processes for text in _accusations(each)]
    if took and not any(word in event for word in words for event in events):
        wrong.append(f"{victim.name} did not say what happened: none of {', '.join(words)}")
    healing_s = time.monotonic() - begun
    return Run(seed, name, victim.name, took, events, healing_s, tuple(wrong))


def _damage_files(
    mesh: Mesh, victim: Process, damage: Damage, luck: Random, told: Told, seed: int
) -> bool:
    """Stop ``victim`` in the midst of work, damage what it left, start it; whether it lost any."""
    older = victim.directory.with_suffix(".older")
    shutil.rmtree(older, ignore_errors=True)
    _ = victim.terminate()
    _copy(victim.directory, older)
    victim.start()
    mesh.await_whole()
    work = Workload(mesh.processes, seed)
    work.start()
    time.sleep(0.3 + luck.random() * 0.5)
    if luck.getrandbits(1):
        victim.kill()
    else:
        _ = victim.terminate()
    before = held(victim.directory)
    damage(Files(victim.directory, older), luck)
    after = held(victim.directory)
    more = work.stop()
    told.entries.update(more.entries)
    told.changes.extend(more.changes)
    victim.start()
    return not is_whole(before, after)


def _copy(source: Path, target: Path) -> None:
    _ = shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.sock", "lock"))


# --- what is no damage to the journal -------------------------------------------------------------


def _a_copy_runs_beside_it(mesh: Mesh, victim: Process, luck: Random) -> None:
    """The whole directory is copied to what stands for another host, and both run."""
    _ = victim.terminate()
    home = victim.directory.with_name(f"{victim.name}-copy-{luck.randrange(10**6)}")
    _copy(victim.directory, home)
    (port,) = free_ports(1)
    seed = next(each for each in mesh.processes if each is not victim)
    where = ("--listen", "127.0.0.1", "--port", str(port), "--no-mdns")
    reach = f"--seed=127.0.0.1:{_port(seed)}"
    copy = Process(home.name, home, (*where, reach))
    victim.start()
    copy.start()
    try:
        time.sleep(TWINS_S)
    finally:
        copy.kill()
    _ = victim.terminate()
    victim.start()


def _port(process: Process) -> str:
    return process.arguments[process.arguments.index("--port") + 1]


def _the_key_is_unreadable(_mesh: Mesh, victim: Process, luck: Random) -> None:
    """The key file is damaged, missing or open to others: no start, and a line that says why."""
    key = victim.directory / IDENTITY
    _ = victim.terminate()
    content = key.read_bytes()
    match luck.randrange(3):
        case 0:
            _ = key.write_bytes(content[:20])
        case 1:
            key.unlink()
        case _:
            key.chmod(0o644)
    victim.start()
    assert victim.popen is not None
    try:
        code = victim.popen.wait(NO_START_S_MAX)
    except subprocess.TimeoutExpired:
        raise FellShort(f"{victim.name} started without its key") from None
    if code == 0:
        raise FellShort(f"{victim.name} ended as if all was well, without its key")
    key.unlink(missing_ok=True)
    _ = key.write_bytes(content)
    key.chmod(0o600)
    victim.start()


def _there_is_no_room(_mesh: Mesh, victim: Process, luck: Random) -> None:
    """The controller comes back on a disk that is full, and later has room again."""
    _ = victim.terminate()
    with _mounted(victim.directory):
        ballast = _fill(victim.directory)
        victim.start()
        time.sleep(1.0 + luck.random())
        ballast.unlink()
        await_that(lambda: _is_back(victim), AGREE_S_MAX, "it is back")
        _ = victim.terminate()
        home = victim.directory.with_name(f"{victim.name}-rescued")
        _copy(victim.directory, home)
    shutil.rmtree(victim.directory)
    _ = home.rename(victim.directory)
    victim.start()


def _is_back(victim: Process) -> bool:
    """Whether it answers; started again where it had ended, as a service manager does."""
    if not victim.is_running:
        victim.start()
    return victim.status() is not None


@contextmanager
def _mounted(directory: Path) -> Iterator[None]:
    """The files of ``directory`` on a small disk of their own, for as long as the block lasts."""
    kept = directory.with_name(f"{directory.name}-below")
    _copy(directory, kept)
    command = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(directory)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise FellShort(f"no small disk could be mounted: {done.stderr.strip()}")
    try:
        for each in kept.iterdir():
            _ = (
                shutil.copy(each, directory)
                if each.is_file()
                else shutil.copytree(each, directory / each.name)
            )
        shutil.rmtree(kept)
        yield
    finally:
        _ = subprocess.run(["umount", "--lazy", str(directory)], check=True)


def _fill(directory: Path) -> Path:
    ballast = directory / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            _ = file.write(bytes(4_096))
    return ballast


_OTHERS: Final[tuple[tuple[Callable[[Mesh, Process, Random], None], tuple[str, ...]], ...]] = (
    (_a_copy_runs_beside_it, COPY_EVENTS),
    (_the_key_is_unreadable, KEY_EVENTS),
    (_there_is_no_room, ("full", "disk failed", "unproven start")),
)


# --- what is looked at ----------------------------------------------------------------------------


def _events(log: str) -> Iterator[str]:
    for line in log.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            yield line  # what ends a start is said in plain words
            continue
        if isinstance(told, str):
            yield told
        elif isinstance(told, dict):
            yield str(told.get("event", ""))
            yield from (str(each) for each in told.get("errors", ()))


def _accusations(process: Process) -> Iterator[str]:
    """What would mean that somebody voted twice, or made another state of the same history."""
    with suppress(CommandError):
        status = process.client.get("/v1/status")
        counters = status["counters"]
        assert isinstance(counters, dict)
        for name, count in counters.items():
            if name in {"facts refused: fork", "states that differ over one history"}:
                yield f"{name}: {count}"


def _check_facts(mesh: Mesh) -> None:
    """No two controllers hold different facts under one number."""
    for process in mesh.processes:
        _ = process.terminate()
    known: dict[bytes, tuple[str, bytes]] = {}
    for process in mesh.processes:
        for key, value in held(process.directory).tables[Table.FACTS].items():
            holder, other = known.setdefault(key, (process.name, value))
            if other != value:
                origin, sequence = decode_fact_key(key)
                raise FellShort(
                    f"{holder} and {process.name} hold different facts {sequence} of {origin}"
                )
