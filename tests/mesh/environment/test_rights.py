"""Levels, prefixes, and the table of holders."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mesh.environment.kinds.operator import KIND as OPERATOR
from mesh.environment.kinds.token import KIND as TOKEN
from mesh.environment.rights import (
    ALL,
    INCLUDED,
    NOBODY,
    RIGHT_PATTERN,
    Grant,
    Holder,
    Level,
    Prefix,
    parse_prefix,
    spell_prefix,
)

PARTS = st.text(alphabet="ab/~.", min_size=1, max_size=4)
PREFIXES = st.lists(PARTS, max_size=4).map(tuple)
LEVELS = st.sampled_from(Level)
GRANTS = st.builds(Grant, LEVELS, PREFIXES)


@given(PREFIXES, PREFIXES)
def test_a_prefix_covers_what_begins_with_its_parts(prefix: Prefix, rest: Prefix) -> None:
    """F2c: It covers every key that goes on from it, and none that it merely resembles."""
    for level in Level:
        held = Grant(level, prefix)
        assert held.covers(Grant(level, prefix + rest))
        if prefix:
            assert not held.covers(Grant(level, (*prefix[:-1], prefix[-1] + "x", *rest)))
            assert not held.covers(Grant(level, prefix[:-1]))


@given(GRANTS, GRANTS, GRANTS)
def test_to_cover_is_an_order(one: Grant, two: Grant, three: Grant) -> None:
    """Who holds a right has all that it covers: reflexive, transitive, and equal both ways."""
    assert one.covers(one)
    assert not (one.covers(two) and two.covers(three)) or one.covers(three)
    assert not (one.covers(two) and two.covers(one)) or one == two


@given(GRANTS)
def test_everything_is_covered_by_all(demanded: Grant) -> None:
    """Admin over everything covers whatever is demanded, but to override."""
    assert ALL.covers(demanded) == (demanded.level is not Level.OVERRIDE)


@given(GRANTS)
def test_a_right_has_one_spelling(right: Grant) -> None:
    """What is spelled is read back, and the pattern takes it."""
    assert Grant.parse(str(right)) == right
    assert re.fullmatch(RIGHT_PATTERN, str(right))


@given(st.from_regex(RIGHT_PATTERN, fullmatch=True))
def test_every_spelling_is_the_only_one(text: str) -> None:
    """What the pattern takes is spelled back to the letter: no right is written in two ways."""
    assert str(Grant.parse(text)) == text


def test_what_each_level_includes() -> None:
    """F2d: Admin includes all but override, apply not approve, and every level lets view."""
    assert INCLUDED[Level.ADMIN] == tuple(each for each in Level if each is not Level.OVERRIDE)
    assert INCLUDED[Level.OVERRIDE] == (Level.VIEW, Level.OVERRIDE)
    assert Level.APPROVE not in INCLUDED[Level.APPLY]
    assert Level.APPLY not in INCLUDED[Level.APPROVE]
    assert all(Level.VIEW in included for included in INCLUDED.values())


def test_everything_is_a_slash() -> None:
    """The empty prefix and one part."""
    assert (spell_prefix(()), spell_prefix(("a", "b/c"))) == ("/", "/a/b~1c")
    assert (parse_prefix("/"), parse_prefix("/a/b~1c")) == ((), ("a", "b/c"))


def test_the_rights_that_were_used_are_named() -> None:
    """For each key the first right that covers it; none for what takes none."""
    holder = Holder("operator", "ann", bytes(32), tuple(sorted(
        (Grant(Level.APPLY, ("item",)), Grant(Level.ADMIN, ("controller",)))
    )))  # fmt: skip
    written = [("item", "a"), ("item", "b"), ("controller", "c"), ("operator", "ann", "locked")]
    assert list(dict.fromkeys(holder.used(written))) == [
        ("operator", "ann", "rights", "apply:/item"),
        ("operator", "ann", "rights", "admin:/controller"),
    ]
    assert holder.lacks(written) is None
    assert holder.lacks([("site", "x")]) == Grant(Level.APPLY, ("site", "x"))


def test_the_table_is_a_value() -> None:
    """Replacing makes another table; whoever holds the first sees what was."""
    owner = ("operator", "ann")
    ann = Holder("operator", "ann", b"a" * 32, (ALL,))
    table = NOBODY.replaced(owner, ann)
    assert table.holder(ann.key) == table.named(*owner) == ann
    assert NOBODY.holder(ann.key) is None
    assert table.replaced(owner, ann) is table
    assert table.replaced(owner, None).holder(ann.key) is None
    assert table.admins() == [ann]


def test_a_locked_key_is_confidential() -> None:
    """Of all fields of those who hold rights just the locked key is never shown."""
    hidden = [
        field.name for kind in (OPERATOR, TOKEN) for field in kind.fields if field.confidential
    ]
    assert hidden == ["locked"]
