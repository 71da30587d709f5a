"""A plan on a screen: what a person reads before saying yes."""

import pytest

from mesh.cli.source.showing import show_plan
from mesh.cli.source.yaml_reader import read_yaml
from mesh.environment.source.plan import Plan, make_plan
from mesh.environment.source.standing import Objects, ground_of

STANDS: Objects = {
    "environment": {"patience_ns": 60_000_000_000},
    "role": {"web": {"id": "r"}, "old": {"id": "o", "description": "unused"}},
    "service": {
        "shop": {
            "id": "s",
            "role": "web",
            "run": "process",
            "count": 3,
            "autostart": True,
            "health": {"kind": "http", "interval_ns": 5_000_000_000, "port": 80},
            "labels": ["fast", "slow"],
        }
    },
    "host": {"one": {"id": "h", "controller": "ab" * 32, "roles": [], "labels": []}},
    "controller": {"ab" * 32: {"id": "c", "name": "ash", "state": "active"}},
    "item": {"motd": "one\ntwo\nthree\n"},
}

FILES = """\
environment: {patience_ns: 2m}
role:
  web:
service:
  shop:
    role: web
    health: {kind: http, interval_ns: 2s, port: 80}
    count: 5
    labels: [fast, new]
  blog:
    role: web
    health: {kind: tcp, port: 81}
    labels: [new]
host:
  one: {description: the first}
item:
  motd: |
    one
    2
    three
"""

SHOWN = """\
environment
  patience_ns  1m → 2m

role
  - old
      description  unused

host
  ~ one  a.yaml:15
      controller   ash → none
      description  none → the first

service
  + blog  a.yaml:10
      role         web
      health.kind  tcp
      health.port  81
      labels       [new]
  ~ shop  a.yaml:5
      health.interval_ns  5s → 2s
      count               3 → 5
      labels              + new  - slow

item
  ~ motd  a.yaml:17
      value  3 lines
              one
             -two
             +2
              three

1 to create, 4 to change, 1 to delete; 1 object as described.
ChangeSets of their own, one after the other:
  1. environment: 1 command
  2. objects: 8 commands
"""


def test_a_plan_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    """By kind and name: durations with units, controllers by name, members and lines that differ.

    Defaults of new objects are not repeated.
    """
    node, wrong = read_yaml(FILES, "a.yaml")
    assert node is not None
    ground = ground_of(STANDS)
    plan = make_plan([node], ground, prune=True, misread=wrong)
    assert isinstance(plan, Plan), plan
    show_plan(plan, ground)
    assert capsys.readouterr().out == SHOWN


def test_what_stays_undescribed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A few by name, of many how many, and how to be rid of them."""
    told: Objects = {"item": {f"i{at}": at for at in range(12)}, "site": {"a": {"id": "a"}}}
    plan = make_plan([], ground_of(told))
    assert isinstance(plan, Plan)
    show_plan(plan, ground_of(told))
    out = capsys.readouterr().out
    assert "Nothing to do: 0 objects as described." in out
    assert "left alone: 12 item, 1 site. With --prune they would be deleted." in out
    few: Objects = {"item": {"a": 1, "b": 2}}
    plan = make_plan([], ground_of(few))
    assert isinstance(plan, Plan)
    show_plan(plan, ground_of(few))
    assert "left alone: item a, item b." in capsys.readouterr().out
