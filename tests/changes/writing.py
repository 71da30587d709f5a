"""What people write: ChangeSets of one to fifty commands, all about the same few objects."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from mesh.wire.requests import Command, Value
from tests.changes.interpreter import Refused, State, tried

SIZES: Final = (1, 1, 2, 3, 5, 8, 13, 50)
"""The most commands of one ChangeSet, each as likely."""

_NAMES: Final = {
    "item": ("price", "motto", "colour", "limit"),
    "site": ("north", "south"),
    "role": ("web", "batch", "mail"),
    "service": ("blog", "shop", "queue", "index"),
    "path": ("front", "api", "static"),
    "host": ("anvil", "bench", "crane"),
    "data": ("greeting", "blog.host"),
}
_SPARE: Final = "archive"
_PORTS: Final = (80, 443, 8080)
_LABELS: Final = ("fast", "old")
_SETTINGS_ONE_IN: Final = 12
_DATA_ONE_IN: Final = 8
_TEMPLATE_ONE_IN: Final = 3
_CARELESS_ONE_IN: Final = 12
_TRIES_MAX: Final = 4
"""For each command that is wanted."""


class Writer:
    """Somebody who looks at a state, and writes what fits it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._written = 0
        self._kinds: Sequence[Callable[[], Command]] = (
            *(self._item, self._site, self._role, self._path, self._host),
            *(self._service, self._service, self._tied, self._element),
        )

    def spare(self) -> Command:
        """About a role that only hosts have: who deletes it and who names it write other keys."""
        verb = self._random.choice(("create", "delete", "delete"))
        if self._random.getrandbits(1):
            return Command("role", verb, {"name": _SPARE})
        verb = self._random.choice(("add-role", "add-role", "remove-role"))
        return Command("host", verb, {"name": self._named("host"), "role": _SPARE})

    def change_set(self, state: State) -> tuple[Command, ...]:
        """Commands that ``state`` takes, all together; now and then some that it may not take."""
        if not self._random.randrange(_SETTINGS_ONE_IN):
            return (self._settings(),)
        if not self._random.randrange(_DATA_ONE_IN):
            return (self._data(),)
        careless = not self._random.randrange(_CARELESS_ONE_IN)
        size = 1 if careless else self._random.randint(1, self._random.choice(SIZES))
        commands: list[Command] = []
        for _ in range(_TRIES_MAX * size):
            if len(commands) < size:
                following = [*commands, self._random.choice(self._kinds)()]
                if careless or _fits(state, following):
                    commands = following
        return tuple(commands) or (self._set_item(),)

    # --- one command ------------------------------------------------------------------------------

    def _value(self, word: str = "v") -> str:
        self._written += 1
        return f"{word} {self._written} of {self._random.randrange(10**6)}"

    def _named(self, kind: str) -> str:
        return self._random.choice(_NAMES[kind])

    def _some(self, **fields: Value) -> dict[str, Value]:
        """At least one of ``fields``."""
        count = self._random.randint(1, len(fields))
        return {name: fields[name] for name in self._random.sample(list(fields), count)}

    def _settings(self) -> Command:
        second = 1_000_000_000
        patience = {"patience_ns": self._random.randint(30, 90) * second}
        guard = {"guard_ns": self._random.randint(0, 20) * second // 1_000}
        return Command("environment", "set", {**self._random.choice((patience, guard))})

    def _data(self) -> Command:
        verb = self._random.choice(("set", "set", "set-default", "require", "delete"))
        given: dict[str, Value] = {"name": self._named("data")}
        match verb:
            case "set":
                given["value"] = self._value()
            case "set-default":
                given["default"] = self._value()
            case "require":
                given["required"] = bool(self._random.getrandbits(1))
            case _:
                pass
        return Command("data", verb, given)

    def _set_item(self) -> Command:
        value = self._value()
        if not self._random.randrange(_TEMPLATE_ONE_IN):
            value = f"{value} {{{{{self._named('data')}}}}}"
        return Command("item", "set", {"name": self._named("item"), "value": value})

    def _item(self) -> Command:
        if self._random.randrange(4):
            return self._set_item()
        return Command("item", "delete", {"name": self._named("item")})

    def _site(self) -> Command:
        location = self._random.choice(("eu.berlin", "eu.paris", "us.boston"))
        return self._object("site", {"location": location}, {"description": self._value()})

    def _role(self) -> Command:
        return self._object("role", {}, {"description": self._value()})

    def _path(self) -> Command:
        services = self._random.sample(_NAMES["service"], self._random.randint(1, 2))
        weights: Value = {each: self._random.randint(1, 9) for each in services}
        host = self._random.choice(("example.org", "example.net"))
        prefix = self._random.choice(("/", "/a"))
        return self._object("path", {"host": host, "services": weights}, {"prefix": prefix})

    def _host(self) -> Command:
        address, site = f"192.0.2.{self._random.randrange(1, 255)}", self._named("site")
        rest: dict[str, Value] = {"address": address, "site": site}
        return self._object("host", {}, {**rest, "description": self._value()})

    def _service(self) -> Command:
        optional: dict[str, Value] = {
            "site": self._named("site"),
            "count": self._random.randint(0, 9),
            "ports": [*self._random.sample(_PORTS, self._random.randint(1, 2))],
            "after": [self._named("service")],
            "command": ["run", self._value()],
            "description": self._value(),
        }
        return self._object("service", {"role": self._named("role")}, optional)

    def _object(self, kind: str, required: dict[str, Value], optional: dict[str, Value]) -> Command:
        given: dict[str, Value] = {"name": self._named(kind)}
        match self._random.randrange(8):
            case 0:
                return Command(kind, "delete", given)
            case 1 | 2 | 3:
                few = self._some(**optional) if self._random.getrandbits(1) else {}
                return Command(kind, "create", {**given, **required, **few})
            case 4:
                cleared = sorted(self._random.sample(list(optional), 1))
                return Command(kind, "modify", {**given, "clear": [*cleared]})
            case _:
                return Command(kind, "modify", {**given, **self._some(**required, **optional)})

    def _tied(self) -> Command:
        given: dict[str, Value] = {"name": self._named("role"), "service": self._named("service")}
        return Command("role", "add-service", given)

    def _element(self) -> Command:
        verb = self._random.choice(("add", "add", "remove"))
        kind, element = self._random.choice(
            (("service", "label"), ("host", "label"), ("host", "role"))
        )
        value = self._named("role") if element == "role" else self._random.choice(_LABELS)
        return Command(kind, f"{verb}-{element}", {"name": self._named(kind), element: value})


def _fits(state: State, commands: Sequence[Command]) -> bool:
    try:
        _ = tried(state, commands)
    except Refused:
        return False
    return True
