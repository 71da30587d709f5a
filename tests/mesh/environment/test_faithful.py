"""What was resolved says what was written."""

import pytest

from mesh.environment.faithful import departure
from mesh.wire.requests import Command, Value
from tests.mesh.protocol.history.world import command, item

ID = "00" * 16
KEY = "ef" * 32


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("x", "x"),
        ("{{host}}", 80),
        ("http://{{host}}:{{port}}/", "http://blog.example:80/"),
        ("{{{{host}}", "{{host}}"),
        ("{{host}}", "{{host}}"),
        ({"at": ["{{port}}", 1]}, {"at": [80, 1]}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_templates_are_filled_in(written: Value, resolved: Value) -> None:
    """Whatever they take; the text around them stays, and four braces are two."""
    assert departure((item("a", written),), (item("a", resolved),)) == ""


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("x", "y"),
        (1, True),
        ("http://{{host}}/", "http://blog.example/x"),
        ("http://{{host}}/", "https://blog.example/"),
        ("http://{{host}}/", 80),
        ("a{{host}}ba", "ab"),
        ("{{one}}b{{two}}c{{three}}", "c b"),
        ("{{{{host}}", "blog.example"),
        ({"at": ["{{port}}", 1]}, {"at": [80]}),
        ({"at": "{{port}}"}, {"at": 80, "more": 1}),
        (["a"], "a"),
    ],
)
def test_nothing_else_becomes_another(written: Value, resolved: Value) -> None:
    """Neither a value nor what stands around a template."""
    assert departure((item("a", written),), (item("a", resolved),))


SITE = command("site", "create", name="x", location="eu")
MADE = command("site", "create", name="x", location="eu", id=ID)
SERVICE = command("service", "modify", name="x", role="web")


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ((SITE,), (MADE,)),
        ((command("service", "create", name="x"),),
         (command("service", "create", name="x", id=ID, count=1, autostart=True),)),
        ((SERVICE,), (command("service", "modify", name="x", role="web", id=ID),
                      command("role", "create", name="web", id=ID))),
        ((command("controller", "remove", controller="oak"),),
         (command("controller", "remove", controller=KEY),
          command("environment", "set", barrier="all-active"))),
        ((), ()),
    ],
)  # fmt: skip
def test_what_follows_is_added(written: tuple[Command, ...], resolved: tuple[Command, ...]) -> None:
    """Ids, defaults, keys for names, roles that are named, and the end of a majority."""
    assert departure(written, resolved) == ""


GRANT = command("right", "grant", name="eve", right="admin:/")
LAPSE = command("environment", "set", barrier="all-active")


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ((SITE,), ()),
        ((), (MADE,)),
        ((SITE,), (GRANT,)),
        ((SITE,), (MADE, GRANT)),
        ((SITE,), (MADE, LAPSE)),
        ((SITE,), (command("site", "create", name="x", id=ID),)),
        ((SITE,), (command("site", "create", name="x", location="eu", id=ID, description="!"),)),
        ((command("operator", "modify", name="ann", description="x"),),
         (command("operator", "modify", name="ann", description="x", key=KEY, id=ID),)),
        ((command("service", "modify", name="x", count=2),),
         (command("service", "modify", name="x", count=2, id=ID, clear=["role"]),)),
        ((SERVICE,), (SERVICE, command("role", "create", name="db", id=ID))),
        ((SERVICE,), (SERVICE, command("role", "create", name="web", id=ID, description="x"))),
        ((command("controller", "remove", controller="ab" * 32),),
         (command("controller", "remove", controller=KEY),)),
        ((command("data", "set", name="a", value="{{x}}"),),
         (command("data", "set", name="a", value="y", id=ID),)),
    ],
)  # fmt: skip
def test_nothing_else_is_added(written: tuple[Command, ...], resolved: tuple[Command, ...]) -> None:
    """No command, no parameter, no other key than the one that was written."""
    assert departure(written, resolved)
