"""Resolving: what a person wrote becomes complete, and nothing is changed by it."""

import pytest

from mesh.environment.commands import declaration_of
from mesh.environment.draft import Draft
from mesh.environment.entries import Entry
from mesh.environment.founding import founded
from mesh.environment.kinds import SCHEMA
from mesh.environment.resolve import Resolution, Unresolved, creation_id, resolve
from mesh.environment.workspace import Workspace
from mesh.wire.identity import fingerprint
from mesh.wire.limits import BASE_MAX
from mesh.wire.requests import Base, Command, Kind, Value
from tests.mesh.protocol.history.world import ALICE, BOB, FOUNDING

SERVICE_FIELDS = SCHEMA["service"].fields
NONCE = b"nonce-nonce-16-b"
TX = bytes(range(32))


@pytest.fixture(name="configuration")
def _configuration() -> Workspace:
    return founded(FOUNDING)


def _command(group: str, verb: str, **parameters: Value) -> Command:
    return Command(group, verb, parameters)


def _resolve(configuration: Workspace, *commands: Command, force: bool = False) -> Resolution:
    resolution = resolve(configuration, commands, NONCE, force=force)
    assert isinstance(resolution, Resolution), resolution
    return resolution


def _errors(configuration: Workspace, *commands: Command) -> tuple[str, ...]:
    resolution = resolve(configuration, commands, NONCE)
    assert isinstance(resolution, Unresolved)
    return resolution.errors


def _apply(configuration: Workspace, *commands: Command) -> None:
    draft = Draft(configuration)
    for command in _resolve(configuration, *commands).resolved:
        declaration = declaration_of(command)
        assert declaration is not None
        draft.begin(declaration.touched(command.parameters))
        assert declaration.run(draft, command.parameters) is None
    _ = configuration.assign(draft.changes(TX))


SITE = _command("site", "create", name="here", location="eu")
SERVICE = _command("service", "create", name="web", role="web", site="here")


def test_defaults_are_written_out(configuration: Workspace) -> None:
    """A later version with other defaults folds what was signed, not what it would assume."""
    (_, service, _) = _resolve(configuration, SITE, SERVICE).resolved
    assert service.parameters["count"] == 1
    assert service.parameters["run"] == "process"
    assert "site" in service.parameters
    assert "health" not in service.parameters


def test_new_objects_get_ids_from_the_nonce(configuration: Workspace) -> None:
    """Each creation has an id of its own, the same wherever the request is resolved again."""
    one, two, _ = _resolve(configuration, SITE, SERVICE).resolved
    assert one.parameters["id"] == creation_id(NONCE, 0)
    assert two.parameters["id"] == creation_id(NONCE, 1)
    assert one.parameters["id"] != two.parameters["id"]


def test_later_commands_see_earlier_ones(configuration: Workspace) -> None:
    """What one command creates the next can change, by the id that it will have."""
    resolution = _resolve(
        configuration, SITE, _command("site", "modify", name="here", location="us")
    )
    assert resolution.resolved[1].parameters["id"] == creation_id(NONCE, 0)


def test_the_base_names_every_key_once_with_its_version(configuration: Workspace) -> None:
    """Read or written, sorted; None where nobody wrote."""
    _apply(configuration, SITE)
    resolution = _resolve(configuration, SERVICE)
    keys = [entry.key for entry in resolution.base]
    assert keys == sorted(dict.fromkeys(keys))
    assert Base(("site", "here"), TX) in resolution.base
    assert Base(("service", "web"), None) in resolution.base
    assert resolution.overridden == ()


def test_force_moves_the_base_to_what_is_overridden(configuration: Workspace) -> None:
    """The versions found are named as those that the change will write over."""
    _apply(configuration, SITE)
    command = _command("site", "modify", name="here", location="us")
    plain, forced = _resolve(configuration, command), _resolve(configuration, command, force=True)
    assert (forced.base, forced.overridden) == ((), plain.base)


def test_resolving_changes_nothing(configuration: Workspace) -> None:
    """Whether it succeeds, is refused by a command, or breaks an invariant."""
    before = configuration.hash, list(configuration.entries())
    _ = _resolve(configuration, SITE, SERVICE)
    _ = _errors(configuration, _command("site", "delete", name="nowhere"))
    _ = _errors(configuration, SERVICE)
    assert (configuration.hash, list(configuration.entries())) == before


def test_commutative_commands_name_what_they_refer_to(configuration: Workspace) -> None:
    """Adding a label reads the service and not the label: two who add do not meet."""
    _apply(configuration, SITE, SERVICE)
    resolution = _resolve(configuration, _command("service", "add-label", name="web", label="x"))
    assert [entry.key for entry in resolution.base] == [("service", "web")]


def test_who_change_different_fields_do_not_meet(configuration: Workspace) -> None:
    """What one writes, the base of the other does not name."""
    _apply(configuration, SITE)
    one = _resolve(configuration, _command("site", "modify", name="here", location="us"))
    other = _resolve(configuration, _command("site", "modify", name="here", description="x"))
    assert [entry.key for entry in one.base] == [("site", "here"), ("site", "here", "location")]
    assert [entry.key for entry in other.base] == [
        ("site", "here"),
        ("site", "here", "description"),
    ]


def test_deleting_names_every_field(configuration: Workspace) -> None:
    """Whoever changed any field meanwhile is in conflict with the deletion."""
    _apply(configuration, SITE)
    resolution = _resolve(configuration, _command("site", "delete", name="here"))
    assert [entry.key for entry in resolution.base] == [
        ("site", "here"),
        ("site", "here", "description"),
        ("site", "here", "location"),
    ]


@pytest.mark.parametrize("who", ["alice", fingerprint(ALICE.controller), ALICE.controller.hex()])
def test_a_controller_may_be_named_as_people_do(configuration: Workspace, who: str) -> None:
    """By its name, its fingerprint or its key; the request holds the key."""
    command = _command("controller", "modify", controller=who, site="attic")
    (resolved,) = _resolve(configuration, command).resolved
    assert resolved.parameters["controller"] == ALICE.controller.hex()


def test_a_name_that_is_not_there_gets_a_suggestion(configuration: Workspace) -> None:
    """What a person may have meant, from what there is."""
    _apply(configuration, SITE)
    (error,) = _errors(configuration, _command("site", "delete", name="hre"))
    assert error.endswith("unknown site 'hre', did you mean 'here'?")


def test_every_mistake_is_named_before_anything_is_done(configuration: Workspace) -> None:
    """Mistakes in the words come first, all of them; nothing is tried then."""
    errors = _errors(configuration, _command("site", "crate"), _command("sight", "create"), SITE)
    assert [error.split(":")[0] for error in errors] == [
        "command 1 (site crate)",
        "command 2 (sight create)",
    ]


def test_every_refusal_is_named(configuration: Workspace) -> None:
    """Not only the first command that cannot be done."""
    errors = _errors(
        configuration,
        _command("site", "delete", name="one"),
        _command("item", "delete", name="two"),
    )
    assert [error.split(":")[0] for error in errors] == [
        "command 1 (site delete)",
        "command 2 (item delete)",
    ]


def test_what_does_not_fit_together_is_named_beside_refusals(configuration: Workspace) -> None:
    """A circle and a dangling name are told at once with what cannot be done, and each once."""
    errors = _errors(
        configuration,
        _command("service", "create", name="a", role="web", after=["b"]),
        _command("service", "create", name="b", role="web", after=["a"]),
        _command("service", "create", name="a", role="web"),
        _command("host", "create", name="h", site="nowhere"),
        _command("site", "delete", name="gone"),
        _command("site", "delete", name="gone"),
    )
    assert errors == (
        "command 3 (service create): the service 'a' is there already",
        "command 5 (site delete): there is no site named 'gone'",
        "command 6 (site delete): there is no site named 'gone'",
        "host 'h' refers to site 'nowhere', which is not there",
        "services in a circle: a after b after a",
    )


def test_what_was_refused_is_not_missed_a_second_time(configuration: Workspace) -> None:
    """That the service which could not be changed is not there is said once."""
    errors = _errors(
        configuration,
        _command("service", "modify", name="db", autostart=True),
        _command("service", "create", name="web", role="web", after=["db"]),
    )
    assert len(errors) == 1
    assert "there is no service named 'db'" in errors[0]


def test_a_field_is_not_given_and_cleared_at_once(configuration: Workspace) -> None:
    """Which of the two is meant must not be a guess; each alone is fine."""
    _apply(configuration, _command("site", "create", name="here", location="eu", description="x"))
    both = _command("site", "modify", name="here", description="y", clear=["description"])
    assert "given and cleared" in _errors(configuration, both)[0]
    _apply(configuration, _command("site", "modify", name="here", clear=["description"]))
    assert configuration.get("site", "here") == {"id": creation_id(NONCE, 0), "location": "eu"}


def test_a_path_without_a_prefix_takes_all_of_its_host(configuration: Workspace) -> None:
    """Cleared, or left out by another program, a prefix is what it is where nobody says one."""
    path: dict[str, Value] = {"host": "example.org", "services": {"web": 1}}
    all_of_it = _command("path", "create", name="front", **path)
    _apply(configuration, SITE, SERVICE, all_of_it)
    _apply(configuration, _command("path", "modify", name="front", clear=["prefix"]))
    (error,) = _errors(configuration, _command("path", "create", name="back", **path))
    assert "claimed" in error


def test_a_controller_in_the_way_is_named_as_people_name_it(configuration: Workspace) -> None:
    """A host that was set up anew takes its old name: whose it is, and what to do first."""
    taken = str(configuration.read(("controller", ALICE.controller.hex(), "name")))
    admit = _command("controller", "admit", controller=BOB.controller.hex(), name=taken, site="x")
    (error,) = _errors(configuration, admit)
    for who in (ALICE, BOB):
        assert f"controller '{taken}' ({fingerprint(who.controller)})" in error
        assert who.controller.hex() not in error.partition("claimed by")[2]
    assert "trellis members remove" in error


def test_the_kind_follows_from_the_commands(configuration: Workspace) -> None:
    """The barrier must know what changes the roster or the policy."""
    admit = _command("controller", "admit", controller=BOB.controller.hex(), name="bob", site="x")
    assert _resolve(configuration, admit).kind is Kind.NORMAL
    activate = _command("controller", "activate", controller=BOB.controller.hex())
    assert _resolve(configuration, admit, activate).kind is Kind.ROSTER
    setting = _command("environment", "set", barrier="all-active")
    assert _resolve(configuration, setting).kind is Kind.ROSTER
    assert _resolve(configuration, _command("environment", "set", merge="hold")).kind is Kind.NORMAL
    assert _resolve(configuration, _command("merge", "keep", tx="0" * 64)).kind is Kind.MERGE


def test_the_base_is_bounded(configuration: Workspace) -> None:
    """A ChangeSet that touches more keys than a request can name is refused with advice."""
    commands = [
        _command("service", "delete", name=f"s{at}")
        for at in range(BASE_MAX // len(SERVICE_FIELDS))
    ]
    for at in range(len(commands)):
        _ = configuration.assign([(("service", f"s{at}"), Entry("id", TX))])
    errors = resolve(configuration, commands, NONCE)
    assert isinstance(errors, Unresolved)
    assert "make several" in errors.errors[-1]


def test_a_draft_holds_a_command_to_its_word(configuration: Workspace) -> None:
    """A command that touches a key which it does not declare is our own mistake, and stops us."""
    draft = Draft(configuration)
    with pytest.raises(AssertionError, match="item/x"):
        draft.write(("item", "x"), 1)
    with pytest.raises(AssertionError, match="item/x"):
        _ = draft.read(("item", "x"))
    _ = configuration.assign([(("item", "x"), Entry(1, TX))])
    assert draft.peek(("item", "x")) == 1


def test_a_role_is_made_by_being_named(configuration: Workspace) -> None:
    """The first service of a role makes it, in the same ChangeSet; the second finds it there."""
    first = _command("service", "create", name="shop", role="web")
    assert [each.group for each in _resolve(configuration, first).resolved] == ["service", "role"]
    _apply(configuration, first)
    second = _command("service", "create", name="blog", role="web")
    assert [each.group for each in _resolve(configuration, second).resolved] == ["service"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [("alicia", "did you mean 'alice'?"), ("oak", "expected one of: alice")],
)
def test_a_controller_that_is_not_there_gets_names_and_no_keys(
    configuration: Workspace, typed: str, told: str
) -> None:
    """What is listed can be typed."""
    (error,) = _errors(configuration, _command("controller", "remove", controller=typed))
    assert told in error
    assert ALICE.controller.hex() not in error


def test_a_role_that_may_be_misspelt_is_not_made(configuration: Workspace) -> None:
    """A name that is nearly another's is asked about: a typo is no wish for a new role."""
    _apply(configuration, _command("role", "create", name="web"))
    found = resolve(configuration, [_command("service", "create", name="a", role="wbe")], NONCE)
    assert isinstance(found, Unresolved)
    (error,) = found.errors
    assert error.startswith("there is no role named 'wbe', did you mean 'web'?")
    assert error.endswith("role create --name wbe")


def test_a_service_is_made_in_few_words(configuration: Workspace) -> None:
    """``container create`` and ``webservice create`` make what ``service create`` makes."""
    shop = _command("container", "create", name="shop", role="web", image="shop:1", arguments=["x"])
    blog = _command("webservice", "create", name="blog", role="web", port=80, command=["blogd"])
    _apply(configuration, shop, blog)
    made = configuration.fields(("service", "shop"))
    assert (made["run"], made["command"]) == ("container", ["shop:1", "x"])
    made = configuration.fields(("service", "blog"))
    assert (made["run"], made["command"], made["ports"]) == ("process", ["blogd"], [80])
    assert made["health"] == {"kind": "http", "port": 80, "path": "/"}
    both = _command("webservice", "create", name="c", role="web", port=1, image="i", command=["c"])
    assert isinstance(resolve(configuration, [both], NONCE), Unresolved)


def test_a_host_names_its_controller(configuration: Workspace) -> None:
    """By name, kept by key; one controller runs on one host, and a host's roles must be there."""
    key, fields = next(configuration.items("controller"))
    one = _command("host", "create", name="one", controller=str(fields["name"]))
    _apply(configuration, one, _command("host", "add-role", name="one", role="web"))
    assert configuration.fields(("host", "one"))["controller"] == key
    assert configuration.exists(("role", "web"))
    two = resolve(configuration, [_command("host", "create", name="two", controller=key)], NONCE)
    assert isinstance(two, Unresolved)
    assert two.errors[0].startswith(f"controller {key}: claimed by host")
    gone = resolve(configuration, [_command("role", "delete", name="web")], NONCE)
    assert isinstance(gone, Unresolved)
    assert gone.errors == ("role 'web' is gone, but host 'one' refers to it",)


def test_a_role_takes_a_service(configuration: Workspace) -> None:
    """``role add-service`` writes into the service, where its role stands."""
    _apply(configuration, _command("service", "create", name="shop", role="web"))
    _apply(configuration, _command("role", "create", name="db"))
    _apply(configuration, _command("role", "add-service", name="db", service="shop"))
    assert configuration.fields(("service", "shop"))["role"] == "db"
