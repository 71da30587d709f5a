"""Plans: from what files describe and what stands there to what is to happen."""

from collections.abc import Mapping

from mesh.environment.commands import declaration_of
from mesh.environment.configuration import Configuration
from mesh.environment.draft import Draft
from mesh.environment.entries import Entry
from mesh.environment.founding import founded
from mesh.environment.resolve import Resolution, resolve
from mesh.environment.source.differing import Action, since
from mesh.environment.source.documents import Node, Place
from mesh.environment.source.exporting import export_tree
from mesh.environment.source.plan import Misdescribed, Plan, make_plan
from mesh.environment.source.standing import DESCRIBED, Ground, content_hash, ground_of
from mesh.environment.source.steps import split, weight
from mesh.environment.workspace import Workspace
from mesh.wire.identity import fingerprint
from mesh.wire.limits import COMMANDS_MAX
from mesh.wire.requests import Command, Value
from tests.mesh.protocol.history.world import FOUNDING

TX = bytes(range(32))


def _node(value: Value) -> Node:
    place = Place("a.yaml", 1)
    match value:
        case dict():
            return Node(place, {name: _node(each) for name, each in value.items()})
        case list():
            return Node(place, [_node(each) for each in value])
        case scalar:
            return Node(place, scalar)


def _ground(configuration: Configuration) -> Ground:
    kinds = (*DESCRIBED, "controller", "secret")
    return ground_of(
        {
            kind: {name: configuration.get(kind, name) for name in configuration.names(kind)}
            for kind in kinds
        }
    )


def _plan(
    configuration: Configuration, described: Mapping[str, Value], *, prune: bool = False
) -> Plan:
    plan = make_plan([_node(dict(described))], _ground(configuration), prune=prune)
    assert isinstance(plan, Plan), plan
    return plan


def _apply(configuration: Workspace, plan: Plan) -> None:
    for at, step in enumerate(plan.steps):
        resolution = resolve(configuration, step.commands, bytes([at]) * 16)
        assert isinstance(resolution, Resolution), resolution
        draft = Draft(configuration)
        for command in resolution.resolved:
            declaration = declaration_of(command)
            assert declaration is not None
            draft.begin(declaration.touched(command.parameters))
            assert declaration.run(draft, command.parameters) is None
        _ = configuration.assign(draft.changes(TX))


def _shop() -> dict[str, Value]:
    return {
        "environment": {"patience_ns": "2m"},
        "site": {"office": {"location": "eu.berlin"}},
        "role": {"web": None, "db": {"description": "data"}},
        "host": {"one": {"site": "office", "roles": ["web", "db"], "labels": ["ssd"]}},
        "service": {
            "shop": {"role": "web", "ports": [80], "after": ["store"], "labels": ["b", "a"]},
            "store": {"role": "db", "stop_timeout_ns": "10s"},
        },
        "path": {"all": {"host": "*", "services": ["shop"]}},
        "item": {"greeting": "hello", "nothing": None},
    }


def test_applying_twice_does_nothing() -> None:
    """What was applied is as it is described: nothing is left to do."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    again = _plan(configuration, _shop())
    assert (again.steps, again.differences) == ((), ())
    assert again.same == 10


def test_what_goes_alone_goes_first() -> None:
    """Settings are a request of their own, before the objects."""
    plan = _plan(founded(FOUNDING), _shop())
    assert [step.about for step in plan.steps] == ["environment", "objects"]
    assert plan.steps[0].commands == (Command("environment", "set", {"patience_ns": 120 * 10**9}),)


def test_what_demands_more_comes_last() -> None:
    """Who rebuilds an environment alone is not stopped half-way by what its settings demand."""
    described = _shop()
    described["environment"] = {"approvals": 2, "promotion": "dev", "patience_ns": "2m"}
    described["link"] = {"dev": {"environment": "ab" * 32, "controllers": ["cd" * 32]}}
    plan = _plan(founded(FOUNDING), described)
    assert [step.about for step in plan.steps] == [
        "environment",
        "objects",
        "environment, what it demands",
    ]
    assert plan.steps[2].commands == (
        Command("environment", "set", {"approvals": 2, "promotion": "dev"}),
    )
    ground = ground_of({"environment": {"approvals": 2, "promotion": "dev"}})
    told: dict[str, Value] = {"environment": {"approvals": 1, "promotion": ""}, "role": {"a": None}}
    fewer = make_plan([_node(told)], ground)
    assert isinstance(fewer, Plan)
    assert [step.about for step in fewer.steps] == ["environment", "objects"]


def test_what_is_referred_to_comes_first() -> None:
    """Each new object after those that it names, elements of sets after all objects."""
    plan = _plan(founded(FOUNDING), _shop())
    made = [
        (each.group, each.parameters.get("name"))
        for each in plan.steps[1].commands
        if each.verb in ("create", "set")
    ]
    for before, after in (
        (("role", "web"), ("service", "shop")),
        (("service", "store"), ("service", "shop")),
        (("service", "shop"), ("path", "all")),
        (("site", "office"), ("host", "one")),
    ):
        assert made.index(before) < made.index(after)
    verbs = [each.verb for each in plan.steps[1].commands]
    assert verbs.index("add-role") > max(at for at, verb in enumerate(verbs) if verb == "create")


def test_what_is_not_described_stays() -> None:
    """Without ``--prune`` it is named and left alone; with it it goes, who refers first."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    few: dict[str, Value] = {"role": {"web": None, "db": {"description": "data"}}}
    plan = _plan(configuration, few)
    assert plan.steps == ()
    assert ("service", "shop") in plan.kept
    plan = _plan(configuration, few, prune=True)
    gone = [(each.group, each.parameters["name"]) for each in plan.steps[-1].commands]
    assert gone.index(("path", "all")) < gone.index(("service", "shop"))
    assert gone.index(("service", "shop")) < gone.index(("service", "store"))
    assert plan.count(Action.DELETE) == len(gone) == 7
    _apply(configuration, plan)
    assert configuration.names("service") == []
    assert configuration.names("role") == ["db", "web"]


def test_an_object_is_changed_field_by_field() -> None:
    """Only what differs is written, by creation id; what is left out loses its value."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    described = _shop()
    described["service"] = {
        "shop": {"role": "web", "ports": [80, 443], "after": ["store"], "labels": ["a", "c"]},
        "store": {"role": "db"},
    }
    commands = _plan(configuration, described).steps[0].commands
    shop, store = (configuration.read(("service", name)) for name in ("shop", "store"))
    assert commands == (
        Command("service", "modify", {"name": "shop", "id": shop, "ports": [80, 443]}),
        Command("service", "modify", {"name": "store", "id": store, "clear": ["stop_timeout_ns"]}),
        Command("service", "add-label", {"name": "shop", "id": shop, "label": "c"}),
        Command("service", "remove-label", {"name": "shop", "id": shop, "label": "b"}),
    )


def test_a_plan_never_hits_another_of_the_same_name() -> None:
    """Deleted and made anew meanwhile, an object is not the one that was meant."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    described = _shop()
    described["site"] = {"office": {"location": "eu.hamburg"}}
    plan = _plan(configuration, described)
    _ = configuration.assign([(("site", "office"), Entry("0" * 32, TX))])
    refused = resolve(configuration, plan.steps[0].commands, bytes(16))
    assert "is another one than the one that was meant" in str(refused)


def test_an_export_reproduces_the_environment() -> None:
    """Exported and applied to an empty environment: the same content, and nothing left to do."""
    configuration, empty = founded(FOUNDING), founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    tree: dict[str, Value] = {**export_tree(_ground(configuration))}
    _apply(empty, _plan(empty, tree))
    assert empty.content_hash == configuration.content_hash
    assert export_tree(_ground(empty)) == tree


def test_the_content_has_no_ids_and_no_versions() -> None:
    """The hash of the content follows values alone, whoever wrote them and when."""
    configuration = founded(FOUNDING)
    before = configuration.content_hash
    _apply(configuration, _plan(configuration, {"site": {"a": {"location": "x"}}}))
    made = configuration.content_hash
    assert made != before
    _ = configuration.assign([(("site", "a"), Entry("1" * 32, bytes(32)))])
    assert configuration.content_hash == made


def test_what_has_changed_since() -> None:
    """Two looks at an environment: the objects that differ, told as a plan tells them."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    before = _ground(configuration)
    described = _shop()
    described["item"] = {"greeting": "goodbye"}
    _apply(configuration, _plan(configuration, described, prune=True))
    moved = since(before, _ground(configuration))
    assert [(each.owner[1], each.action) for each in moved] == [
        ("greeting", Action.MODIFY),
        ("nothing", Action.DELETE),
    ]


def test_too_much_for_one_is_split_in_order() -> None:
    """Parts that each fit, which together are the same commands."""
    items: dict[str, Value] = {f"i{at:04}": "x" * 400 for at in range(COMMANDS_MAX + 1)}
    (step,) = _plan(founded(FOUNDING), {"item": items}).steps
    assert weight(step.commands).excess.startswith(f"{COMMANDS_MAX + 1} commands")
    parts = list(split(step.commands))
    assert len(parts) > 2
    assert not any(weight(part).excess for part in parts)
    assert tuple(each for part in parts for each in part) == step.commands


def test_a_secret_is_named_and_never_told() -> None:
    """Files name it with a mark; the plan says which have no value; another value is a mistake."""
    marked: dict[str, Value] = {"secret": {"key": {"value": "kept apart: trellis secret set"}}}
    assert list(_plan(founded(FOUNDING), marked).unset_secrets) == ["key"]
    told: dict[str, Value] = {"secret": {"key": {"value": "hunter2"}}}
    wrong = make_plan([_node(told)], _ground(founded(FOUNDING)))
    assert isinstance(wrong, Misdescribed)
    assert "hunter2" not in str(wrong)


def test_a_host_says_its_controller_in_three_ways() -> None:
    """By name, by fingerprint and by key; exported by name, and by key once it was removed."""
    configuration = founded(FOUNDING)
    key, fields = next(configuration.items("controller"))
    ways = (str(fields["name"]), fingerprint(bytes.fromhex(key)), key)
    for way in ways:
        _apply(configuration, _plan(configuration, {"host": {"one": {"controller": way}}}))
        assert configuration.fields(("host", "one"))["controller"] == key
    assert export_tree(_ground(configuration))["host"] == {"one": {"controller": ways[0]}}
    _ = configuration.assign([(("controller", key, "state"), Entry("removed", TX))])
    tree = export_tree(_ground(configuration))
    assert tree["host"] == {"one": {"controller": key}}
    assert _plan(configuration, {**tree}).steps == ()


def _with_data(value: Value) -> dict[str, Value]:
    return {
        "data": {"port": {"value": value, "default": 80}, "host": {"default": "example.org"}},
        "service": {
            "blog": {
                "role": "web",
                "ports": ["{{port}}"],
                "health": {"kind": "http", "url": "http://{{host}}/"},
                "description": "braces {{{{ stay",
            }
        },
        "role": {"web": None},
    }


def test_templates_are_compared_filled_and_submitted_as_written() -> None:
    """Data that the files describe goes first and counts; applied twice, nothing is left to do.

    The ChangeSet holds the templates, so it is filled in anew wherever it is carried on to.
    """
    configuration = founded(FOUNDING)
    plan = _plan(configuration, _with_data(8080))
    assert [step.about for step in plan.steps] == ["data", "objects"]
    create = next(each for each in plan.steps[1].commands if each.group == "service")
    assert create.parameters["ports"] == ["{{port}}"]
    assert "count" not in create.parameters, "a default is written out when it is submitted"
    _apply(configuration, plan)
    blog = configuration.fields(("service", "blog"))
    assert blog["ports"] == [8080]
    assert blog["health"] == {"kind": "http", "url": "http://example.org/"}
    assert blog["description"] == "braces {{ stay"
    assert _plan(configuration, _with_data(8080)).steps == ()
    other = _plan(configuration, _with_data(9090))
    assert [step.about for step in other.steps] == ["data", "objects"]
    assert [each.field for each in other.differences[0].fields] == ["ports"]


def test_an_export_is_not_filled_in_again() -> None:
    """It holds values in force; braces in them are braces, and data is data."""
    configuration, empty = founded(FOUNDING), founded(FOUNDING)
    _apply(configuration, _plan(configuration, _with_data(8080)))
    tree: dict[str, Value] = {**export_tree(_ground(configuration))}
    assert _plan(configuration, tree, prune=True).steps == ()
    _apply(empty, _plan(empty, tree))
    assert empty.content_hash == configuration.content_hash


def test_a_link_that_is_demanded_must_be_there() -> None:
    """Found at the plan, among all other mistakes; and so is a port that is taken twice."""
    described: dict[str, Value] = {
        "environment": {"promotion": "tset"},
        "link": {"test": {"environment": "ab" * 32, "controllers": ["cd" * 32]}},
        "service": {
            "one": {"role": "web", "ports": [80], "autostart": "perhaps"},
            "two": {"role": "web", "ports": [80]},
        },
        "host": {"h": {"address": "300.1.2.3"}},
    }
    wrong = make_plan([_node(described)], _ground(founded(FOUNDING)))
    assert isinstance(wrong, Misdescribed)
    told = {each.path: str(each) for each in wrong.mistakes}
    assert "unknown link 'tset', did you mean 'test'?" in told["environment.promotion"]
    assert "port 80 of role web is claimed by service.one too" in told["service.two.ports"]
    assert "service.one.autostart" in told
    assert "a host name or an address" in told["host.h.address"]


def test_data_that_is_missing_is_named() -> None:
    """A template without a value is a mistake in the files, at its field; so is one misspelt."""
    told = _with_data(1)
    told["data"] = {"port": {"required": True}, "none": {"description": "x"}}
    wrong = make_plan([_node(told)], _ground(founded(FOUNDING)))
    assert isinstance(wrong, Misdescribed)
    told_of = {each.path: each.text for each in wrong.mistakes}
    assert "trellis data set --name port" in told_of["service.blog.ports"]
    assert "trellis data set --name host" in told_of["service.blog.health"]
    assert told_of["data.none"] == "expected value or default or required"


def test_data_loses_a_field() -> None:
    """There is no command for that alone: it is deleted and made anew in one ChangeSet."""
    configuration = founded(FOUNDING)
    full: dict[str, Value] = {"data": {"a": {"value": 1, "default": 2, "description": "x"}}}
    _apply(configuration, _plan(configuration, full))
    assert _plan(configuration, full).steps == ()
    less: dict[str, Value] = {"data": {"a": {"default": 3}}}
    _apply(configuration, _plan(configuration, less))
    fields = configuration.fields(("data", "a"))
    assert {name: fields[name] for name in fields if name != "id"} == {"default": 3}
    words: dict[str, Value] = {"data": {"a": {"default": 3, "description": "y"}}}
    (step,) = _plan(configuration, words).steps
    assert [each.verb for each in step.commands] == ["set-default"]
    _apply(configuration, _plan(configuration, words))
    assert _plan(configuration, words).steps == ()


def test_whoever_sees_all_of_it_can_tell() -> None:
    """The hash of what one was told is that of the environment, unless something was left out."""
    configuration = founded(FOUNDING)
    _apply(configuration, _plan(configuration, _shop()))
    _apply(configuration, _plan(configuration, _with_data(8080)))
    ground = _ground(configuration)
    assert content_hash(ground) == configuration.content_hash
    seen = {owner: each for owner, each in ground.objects.items() if owner != ("item", "nothing")}
    assert content_hash(Ground(seen)) != configuration.content_hash
