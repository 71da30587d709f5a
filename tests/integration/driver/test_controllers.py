"""Whole controllers as processes: found, joined, killed, started again."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.integration.driver.controllers import ControllerProcess, until
from tests.integration.namespaces import Host, demand_namespaces, switched

Start = Callable[..., ControllerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a controller by name and sections of its file; all of them are stopped at the end."""
    started: list[ControllerProcess] = []

    def begin(
        name: str,
        sections: str = "",
        wrap: Callable[[Sequence[str | Path]], Sequence[str | Path]] = lambda command: command,
        **environment: str,
    ) -> ControllerProcess:
        toml = tmp_path / f"{name}.toml"
        _ = toml.write_text(
            f'[controller]\nname = "{name}"\ndata_dir = "{tmp_path}/{name}"\n'
            f"[limits]\nrestart_wait_s_max = 0\n{sections}"
        )
        started.append(ControllerProcess(toml, wrap, **environment))
        return started[-1]

    yield begin
    for process in started:
        process.stop()


LOCAL = """
[cluster]
mdns = false
profile = "local"
found = true
[listen]
address = "127.0.0.1"
port = 0
"""


def environment_of(controller: ControllerProcess) -> str | None:
    """The id of its environment, None while it has none."""
    found = controller.status()["environment"]
    return str(found["id"]) if isinstance(found, dict) else None


def active(controller: ControllerProcess) -> int:
    """How many controllers of its roster are active, as it sees it."""
    found = controller.status()["members"]
    return int(found["active"]) if isinstance(found, dict) else 0


@pytest.mark.parametrize("unsynced_ms", ["0", "30"])
def test_killed_controller_keeps_what_it_confirmed(start: Start, unsynced_ms: str) -> None:
    """Whatever a client was told is done is there after kill -9, in the same environment."""
    variables = {"TRELLIS_TORTURE_UNSYNCED_MS": unsynced_ms}
    controller = start("a", LOCAL, **variables)
    identity = controller.id
    until(lambda: environment_of(controller) is not None, "it founds an environment")
    environment = environment_of(controller)
    for number in range(1, 4):
        assert controller.ask(f"put key {number}") == {"written": 1}
        controller.kill()
        controller = start("a", LOCAL, **variables)
        assert controller.id == identity
        assert environment_of(controller) == environment
        assert controller.ask("get key") == str(number)


def test_second_controller_in_one_directory_says_so(start: Start, tmp_path: Path) -> None:
    """One clear line, and the first one goes on."""
    first = start("a", LOCAL)
    assert first.id
    second = start("a", LOCAL)
    with pytest.raises(AssertionError, match="ended by itself"):
        _ = second.id
    log = (tmp_path / "a.log").read_text()
    assert "is in use by another controller" in log
    assert first.status()["phase"]


def test_three_fresh_hosts_are_one_environment_after_two_accepts(start: Start) -> None:
    """Started in the same second, with nothing but multicast between them."""
    demand_namespaces()
    with switched(3) as hosts:
        controllers = [start(f"host{at}", wrap=partial(_on, host)) for at, host in enumerate(hosts)]
        until(lambda: _waiting(controllers) == 2, "one founds, and two wait")
        founder = next(each for each in controllers if environment_of(each) is not None)
        for accepted in (2, 3):
            newcomer = next(each for each in controllers if environment_of(each) is None)
            until(partial(_accept, founder, newcomer.id), "the newcomer has knocked")
            until(partial(_are_one, controllers, accepted), "it is admitted")
        until(lambda: [active(each) for each in controllers] == [3, 3, 3], "all are active")
        assert "written" in str(controllers[0].ask("put hello world"))
        for other in controllers:
            until(partial(_sees, other, "world"), "the value is seen by all")
        for controller in controllers:
            controller.stop()


def _on(host: Host, command: Sequence[str | Path]) -> Sequence[str | Path]:
    return [str(each) for each in host.command(*command)]


def _waiting(controllers: list[ControllerProcess]) -> int:
    phases = [each.status()["phase"] for each in controllers]
    return phases.count("pending")


def _accept(member: ControllerProcess, newcomer: str) -> bool:
    return "tx" in str(member.ask(f"accept {newcomer}"))


def _are_one(controllers: list[ControllerProcess], count: int) -> bool:
    found = [environment_of(each) for each in controllers]
    known = next(each for each in found if each is not None)
    return found.count(known) == count


def _sees(controller: ControllerProcess, value: str) -> bool:
    return controller.ask("get hello") == value
