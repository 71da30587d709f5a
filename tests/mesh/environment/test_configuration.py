"""The configuration: snapshots that stay, a hash that follows, indexes that hold."""

from random import Random

from mesh.environment.entries import NOTHING, Entry, entry_hash
from mesh.environment.founding import founded
from mesh.environment.index import Claim, Footprint, Index
from mesh.environment.invariants import breach, breaches
from mesh.environment.workspace import Workspace
from mesh.wire.requests import Key
from tests.mesh.protocol.history.world import ALICE, FOUNDING

TX = bytes(range(32))


def _service(name: str, **fields: object) -> list[tuple[Key, Entry]]:
    owner = ("service", name)
    entries: list[tuple[Key, Entry]] = [(owner, Entry(name, TX))]
    entries += [((*owner, field), Entry(value, TX)) for field, value in fields.items()]  # type: ignore[arg-type]  # any plain value
    return entries


def test_a_snapshot_stays_as_it_was() -> None:
    """Whatever changes afterwards, the value that somebody holds reads the same."""
    workspace = founded(FOUNDING)
    _ = workspace.assign(_service("web", role="a"))
    before = workspace.snapshot()
    said = before.hash, before.get("service", "web"), before.names("service"), before.roster
    _ = workspace.assign(_service("web", role="b"))
    _ = workspace.assign(_service("db", role="b"))
    _ = workspace.assign([(("controller", ALICE.controller.hex(), "state"), Entry("removed", TX))])
    assert (
        before.hash,
        before.get("service", "web"),
        before.names("service"),
        before.roster,
    ) == said
    assert before.differences(workspace.snapshot()) == (
        ("controller", ALICE.controller.hex(), "state"),
        ("service", "db"),
        ("service", "db", "role"),
        ("service", "web", "role"),
    )


def test_undo_leaves_nothing_behind() -> None:
    """To assign what assign returned is to undo it, to the last key, index and hash."""
    random = Random(5)
    workspace = founded(FOUNDING)
    untouched = founded(FOUNDING)
    undo = []
    for _ in range(200):
        name = f"s{random.randrange(4)}"
        value = random.choice((None, "a", "b"))
        entry = Entry(value, TX, present=value is not None)
        key = random.choice([("service", name), ("service", name, "role")])
        undo.append(workspace.assign([(key, entry), (("item", name), Entry(value, TX))]))
        if random.random() < 0.2:
            _ = workspace.snapshot()
    for before in reversed(undo):
        _ = workspace.assign(before)
    assert workspace.hash == untouched.hash
    assert list(workspace.entries()) == list(untouched.entries())
    assert workspace.names("service") == []
    assert workspace.roster == untouched.roster


def test_the_hash_depends_on_what_is_here_alone() -> None:
    """Two orders, one hash; another value, version or presence, another hash."""
    one, two = founded(FOUNDING), founded(FOUNDING)
    entries = [(("item", name), Entry(name, TX)) for name in "abc"]
    _ = one.assign(entries)
    _ = two.assign(reversed(entries))
    assert one.hash == two.hash
    hashes = {
        entry_hash(("item", "a"), entry)
        for entry in (
            Entry(1, TX),
            Entry(True, TX),
            Entry("1", TX),
            Entry(1, None),
            Entry(None, TX),
            Entry(None, TX, present=False),
        )
    }
    assert len(hashes) == 6
    assert entry_hash(("a", "bc"), Entry(1, TX)) != entry_hash(("ab", "c"), Entry(1, TX))


def test_what_reads_the_same_is_no_difference() -> None:
    """A new version of an equal value shows readers nothing new; True is not 1."""
    workspace = founded(FOUNDING)
    _ = workspace.assign([(("item", "a"), Entry(1, TX))])
    before = workspace.snapshot()
    _ = workspace.assign([(("item", "a"), Entry(1, bytes(32)))])
    assert before.differences(workspace.snapshot()) == ()
    _ = workspace.assign([(("item", "a"), Entry(True, TX))])
    assert before.differences(workspace.snapshot()) == (("item", "a"),)


def test_reading() -> None:
    """Objects by kind and name; settings and items are their value."""
    workspace = founded(FOUNDING)
    _ = workspace.assign(_service("web", role="a"))
    _ = workspace.assign([(("service", "web", "labels", each), Entry(True, TX)) for each in "yx"])
    state = workspace.snapshot()
    assert state.get("service", "web") == {"id": "web", "role": "a", "labels": ["x", "y"]}
    assert state.get("environment", "barrier") == "all-active"
    assert dict(state.items("environment"))["merge"] == {"value": "auto"}
    assert state.get("service", "db") is None
    assert state.kinds() == ("controller", "environment", "operator", "service")
    assert state.entry(("item", "x")) is NOTHING


def test_the_first_rival_does_not_depend_on_the_order_of_arrival() -> None:
    """Of several objects in the way the first by name is told, whoever came first."""
    for order in (("b", "c"), ("c", "b")):
        index = Index()
        for name in order:
            index.replace(("service", name), Footprint((("site", "x"),), (Claim(("port", "1")),)))
        assert index.referrer(("site", "x")) == ("service", "b")
        assert index.rival(("service", "a"), Claim(("port", "1"))) == ("service", "b")
        index.replace(("service", "b"), Footprint())
        assert index.rival(("service", "c"), Claim(("port", "1"))) is None
        assert index.referrer(("site", "x")) == ("service", "c")


def _broken(*names_and_fields: tuple[str, dict[str, object]]) -> str | None:
    workspace: Workspace = founded(FOUNDING)
    _ = workspace.assign([(("site", name), Entry(name, TX)) for name in ("here", "there")])
    _ = workspace.assign([(("role", name), Entry(name, TX)) for name in ("web", "db")])
    for name, fields in names_and_fields:
        _ = workspace.assign(_service(name, **fields))
    found = breach(workspace, [("service", name) for name, _ in names_and_fields])
    return None if found is None else found.text


def test_ports_meet_within_a_role() -> None:
    """Services of one role share hosts: a port is one's, unless both are at different sites."""
    web: dict[str, object] = {"role": "web", "ports": [80]}
    clash = "port 80 of role web: claimed by service 'a' and by service 'b'"
    assert _broken(("a", web), ("b", web)) == clash
    assert _broken(("a", web), ("b", {**web, "role": "db"})) is None
    assert _broken(("a", {**web, "site": "here"}), ("b", {**web, "site": "there"})) is None
    assert _broken(("a", {**web, "site": "here"}), ("b", web)) == clash
    assert _broken(("a", {**web, "site": "here"}), ("b", {**web, "site": "here"})) == clash


def test_nothing_waits_for_itself() -> None:
    """Of services each of which comes after another, one must be able to begin."""
    ring: list[tuple[str, dict[str, object]]] = [
        (name, {"role": "web", "after": [other]}) for name, other in ("ab", "bc", "ca")
    ]
    assert _broken(*ring) == "services in a circle: a after b after c after a"
    assert _broken(*ring[:2], ("c", {"role": "web"})) is None
    assert _broken(("a", {"role": "web", "after": ["a"]})) == "services in a circle: a after a"


def test_every_breach_is_told() -> None:
    """Whoever made three mistakes learns of three."""
    workspace = founded(FOUNDING)
    _ = workspace.assign([(("role", "web"), Entry("web", TX))])
    for name in ("a", "b"):
        _ = workspace.assign(_service(name, role="web", ports=[80], site="nowhere"))
    found = breaches(workspace, [("service", "a"), ("service", "b")])
    assert [each.text.split(" ", 1)[0] for each in found] == ["service", "port", "service", "port"]


def test_references_hold_in_both_directions() -> None:
    """Neither may an object name what is not there, nor may go what another names."""
    fields: dict[str, object] = {"role": "web", "site": "nowhere"}
    assert _broken(("a", fields)) == "service 'a' refers to site 'nowhere', which is not there"
    workspace = founded(FOUNDING)
    _ = workspace.assign([(("site", "here"), Entry("id", TX)), (("role", "web"), Entry("id", TX))])
    _ = workspace.assign(_service("a", role="web", site="here"))
    _ = workspace.assign([(("site", "here"), Entry(None, TX, present=False))])
    found = breach(workspace, [("site", "here")])
    assert found is not None
    assert found.text == "site 'here' is gone, but service 'a' refers to it"
