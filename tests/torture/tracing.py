"""Trace the system calls of real controllers, and pair what left with the sync it had to wait for.

A fact is known by its signature, an entry by its value: bytes that nothing else holds. Where they
first appear in something sent, the log of the journal must have been synced with them before.
"""

import random
import re
import shutil
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Final

from mesh.cli.client import quoted
from mesh.driver.directory import IDENTITY
from mesh.driver.keys import read_key
from tests.torture.processes import FellShort, Mesh, Process, await_that, open_mesh

CALLS: Final = "pwrite64,write,writev,fdatasync,fsync,sendto,sendmsg,read,recvfrom,recvmsg"
SIGNATURE_BYTES: Final = 64
ENTRIES: Final = 20
CHANGES: Final = 3

_LINE: Final = re.compile(r"^(?P<pid>\d+)\s+(?P<at>\d+\.\d+) (?P<rest>.*)$")
_CALL: Final = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)")
_RESUMED: Final = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_DURATION: Final = re.compile(r"<(\d+\.\d+)>$")
_FILE: Final = re.compile(r"^(\d+)<([^>]*)>")
_UNFINISHED: Final = "<unfinished ...>"
_LOG: Final = b"-wal".hex()
_SOCKET: Final = b"socket:".hex()
_REQUEST: Final = b" HTTP/1.1".hex()
"""What a client sends, and no controller."""


@dataclass
class Sent:
    """Bytes that crossed a file descriptor, as hexadecimal text, and when the call began."""

    at: float
    file: str
    content: str


@dataclass
class Trace:
    """One controller's calls: what went into the journal's log, when it was synced, what left."""

    written: list[Sent]
    synced_from: list[float]
    """When each sync of the log began, ascending."""
    synced_until: list[float]
    """When it had returned."""
    sent: list[Sent]
    received: list[Sent]

    def durable_at(self, token: str) -> float:
        """When the first sync that covers the first write of ``token`` had returned."""
        for write in self.written:
            if token in write.content:
                at = bisect_left(self.synced_from, write.at)
                return self.synced_until[at] if at < len(self.synced_until) else float("inf")
        return float("inf")

    def left_at(self, token: str) -> float | None:
        """When something with ``token`` in it first left; None: it never did."""
        return next((sent.at for sent in self.sent if token in sent.content), None)

    def answered_at(self, token: str) -> float | None:
        """When the first answer began to the client that sent ``token``; None: nobody asked."""
        requests = (one for one in self.received if _REQUEST in one.content)
        asked = next((one for one in requests if token in one.content), None)
        if asked is None:
            return None
        answers = (one.at for one in self.sent if one.file == asked.file and one.at > asked.at)
        return next(answers, None)


def read_trace(path: Path) -> Trace:
    """The trace in the file that strace wrote."""
    trace = Trace([], [], [], [], [])
    syncs: list[tuple[float, float]] = []
    for name, started, arguments in _calls(path):
        file = _FILE.match(arguments)
        if file is None:
            continue
        name_of_file = file[2].replace("\\x", "")
        crossed = Sent(started, f"{file[1]} {name_of_file}", arguments.replace("\\x", ""))
        if name_of_file.endswith(_LOG):
            duration = _DURATION.search(arguments)
            if name == "pwrite64":
                trace.written.append(crossed)
            elif name in {"fdatasync", "fsync"} and duration is not None:
                syncs.append((started, started + float(duration[1])))
        elif name_of_file.startswith(_SOCKET):
            incoming = name in {"read", "recvfrom", "recvmsg"}
            (trace.received if incoming else trace.sent).append(crossed)
    syncs.sort()
    trace.synced_from, trace.synced_until = [at for at, _ in syncs], [at for _, at in syncs]
    trace.sent.sort(key=attrgetter("at"))
    trace.received.sort(key=attrgetter("at"))
    return trace


def _calls(path: Path) -> Iterator[tuple[str, float, str]]:
    """Each call: name, when it began, arguments and result. Halves are put together again."""
    begun: dict[str, tuple[str, float, str]] = {}
    with path.open(errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            resumed, call = _RESUMED.match(found["rest"]), _CALL.match(found["rest"])
            if resumed is not None and found["pid"] in begun:
                name, started, arguments = begun.pop(found["pid"])
                yield name, started, arguments + resumed["rest"]
            elif call is not None and call["arguments"].endswith(_UNFINISHED):
                arguments = call["arguments"].removesuffix(_UNFINISHED)
                begun[found["pid"]] = (call["name"], float(found["at"]), arguments)
            elif call is not None:
                yield call["name"], float(found["at"]), call["arguments"]


def tracer(directory: Path) -> tuple[str, ...]:
    """The command line that runs a program and writes its trace to ``directory``/trace."""
    return (
        "strace", "-f", "-ttt", "-T", "-y", "-xx", "-s", "1000000",
        "-e", f"trace={CALLS}", "-o", str(directory / "trace"),
    )  # fmt: skip


def torture_by_tracing(runs: int, say: Callable[[str], None]) -> None:
    """``runs`` traced meshes. Raises FellShort where something left before it was durable."""
    if shutil.which("strace") is None:
        raise FellShort("strace is not installed: apt-get install strace")
    for number in range(runs):
        with open_mesh(2) as mesh:
            for process in mesh.processes:
                process.prefix = tracer(process.directory)
            mesh.form()
            luck = random.Random(f"trace {number}")
            tokens = [luck.randbytes(16).hex() for _ in range(ENTRIES + CHANGES)]
            _work(mesh, tokens)
            for process in mesh.processes:
                process.terminate()
            checked = sum(_check(process, tokens) for process in mesh.processes)
            say(f"traced: {number + 1} of {runs}; {checked} times something left after its sync")


def _work(mesh: Mesh, tokens: list[str]) -> None:
    """Entries and changes, each with a token that nothing else holds."""
    first, second = mesh.processes
    for at, token in enumerate(tokens[:ENTRIES]):
        writer = (first, second)[at % 2]
        _ = writer.client.put(quoted("info", f"e{at}"), {"value": token})
    for at, token in enumerate(tokens[ENTRIES:]):
        command = {"group": "item", "verb": "set", "parameters": {"name": f"i{at}", "value": "x"}}
        submitted = first.client.post("/v1/changes", {"name": token, "commands": [command]})
        _await_applied(first, str(submitted["tx"]))


def _await_applied(process: Process, tx: str) -> None:
    path = quoted("changes", tx)
    await_that(lambda: process.client.get(path)["word"] == "applied", 30, "a change is applied")


def _check(process: Process, tokens: list[str]) -> int:
    """How often something of ``process`` left, each time after its sync."""
    trace = read_trace(process.directory / "trace")
    spelled = [token.encode().hex() for token in tokens]
    left = [(token, trace.left_at(token)) for token in [*_own_signatures(process), *spelled]]
    answered = [(token, trace.answered_at(token)) for token in spelled]
    checked = 0
    for token, at in left + answered:
        if at is None:
            continue
        durable = trace.durable_at(token)
        if at < durable:
            raise FellShort(
                f"{process.name}: {token[:16]} left at {at:.6f}, durable only at {durable:.6f}"
            )
        checked += 1
    if checked < CHANGES:
        raise FellShort(f"{process.name}: the trace shows nothing that left")
    return checked


def _own_signatures(process: Process) -> list[str]:
    """The signatures of the facts of ``process`` itself, as hexadecimal text."""
    own = read_key(process.directory / IDENTITY).public
    connection = sqlite3.connect(process.directory / "journal.db")
    try:
        rows = connection.execute("SELECT key, value FROM facts").fetchall()
    finally:
        connection.close()
    return [value[:SIGNATURE_BYTES].hex() for key, value in rows if own in key]
