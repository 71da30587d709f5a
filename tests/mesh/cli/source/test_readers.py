"""Files: read with their lines, written so that they read back the same."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from mesh.cli.errors import CommandError
from mesh.cli.source.directory import read_directory
from mesh.cli.source.toml_reader import read_toml
from mesh.cli.source.writer import to_toml, to_yaml
from mesh.cli.source.yaml_reader import read_yaml
from mesh.environment.source.documents import NODES_MAX
from mesh.environment.source.json_schema import source_schema
from mesh.environment.source.plan import Misdescribed, Plan, make_plan
from mesh.environment.source.standing import ground_of
from mesh.wire.requests import Value

EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "shop"

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(("", "true", "no", "12", "1.5", "~", "a: b", "x #", "- a", "2001-01-01", "=")),
    st.sampled_from(("one\ntwo\n", "one\ntwo", " one\ntwo", "one\n\ntwo\n\n", "\n", "10s", "<<")),
)
NUMBERS = st.integers(-(2**62), 2**62)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=10,
)
MEMBERS = st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4)


@settings(max_examples=60)
@given(members=st.dictionaries(TEXTS.filter(bool), st.one_of(VALUES, st.none()), max_size=4))
def test_yaml_reads_back(members: dict[str, Value]) -> None:
    """Whatever is exported is read as what it was."""
    node, wrong = read_yaml(to_yaml({"item": members}), "a.yaml")
    assert wrong == []
    assert node is not None
    assert node.plain() == {"item": members or {}}


@settings(max_examples=60)
@given(members=MEMBERS, flat=st.booleans())
def test_toml_reads_back(members: dict[str, Value], *, flat: bool) -> None:
    """The same as TOML: one table for all, or one for each."""
    told: dict[str, Value] = {**members} if flat else {"a": members, "b c": members}
    node, wrong = read_toml(to_toml("item", told, flat=flat), "a.toml")
    assert wrong == []
    assert node is not None
    assert node.plain() == {"item": told}


def test_every_value_knows_its_line() -> None:
    """In YAML that of its key, in TOML the nearest that can be told."""
    text = "service:\n  blog:\n    role: web\n    health:\n      kind: http\n    ports:\n    - 80\n"
    node, _ = read_yaml(text, "a.yaml")
    assert node is not None
    lines = {path: place.line for path, place in node.walk("")}
    assert lines["service.blog"] == 2
    assert lines["service.blog.health.kind"] == 5
    assert lines["service.blog.ports[0]"] == 7
    text = '# x\n[service.blog]\nrole = "web"\ndescription = """\nrole = 1\n"""\nports = [\n80]\n'
    node, _ = read_toml(text, "a.toml")
    assert node is not None
    lines = {path: place.line for path, place in node.walk("")}
    assert lines["service.blog"] == 2
    assert lines["service.blog.role"] == 3
    assert lines["service.blog.ports[0]"] == 7


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1.5", 1, "a fraction"),
        ("a: 1\nb: 2026-01-01", 2, "a date"),
        ("a: 1\na: 2", 2, "twice"),
        ("x: &x {a: 1}\ny:\n  <<: *x", 3, "a merge key"),
        ("a: !!python/object:os.system x", 1, "no tags"),
        ("a: !secret x", 1, "no tags"),
        ("? [a]\n: 1", 1, "a name as key"),
        ("a: 123456789012345678901", 1, "19 decimal digits"),
        ("a: [1\nb: 2", 2, "no YAML"),
        ("a: 1\n--- \nb: 2", 1, "no YAML"),
        ("a: *x", 1, "no YAML"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested deeper"),
    ],
)
def test_what_no_description_can_hold(text: str, line: int, words: str) -> None:
    """Refused at its line, with a word on what to write."""
    _, wrong = read_yaml(text, "a.yaml")
    assert len(wrong) == 1, wrong
    assert words in wrong[0].text
    assert wrong[0].place.line == line or "---" in text


def test_an_alias_counts_as_often_as_it_is_used() -> None:
    """A few lines that stand for more values than there may be are no denial of service."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 9)]
    node, wrong = read_yaml("\n".join(lines), "a.yaml")
    assert node is None
    assert str(NODES_MAX) in wrong[-1].text


def test_the_example_is_what_it_says() -> None:
    """30 hosts, 12 roles, 60 services, in YAML and TOML, and no mistake."""
    documents, wrong = read_directory(EXAMPLE)
    plan = make_plan(documents, ground_of({}), misread=wrong)
    assert isinstance(plan, Plan), plan
    kinds = [each.owner[0] for each in plan.differences]
    assert (kinds.count("host"), kinds.count("role"), kinds.count("service")) == (30, 12, 60)


def test_editors_accept_the_example() -> None:
    """Every file of the example is valid by the JSON Schema; a misspelt one is not."""
    validator = validator_for(source_schema())
    documents, _ = read_directory(EXAMPLE)
    for document in documents:
        validator.validate(document.plain())
    assert validator.is_valid({"service": {"a": {"role": "web", "count": "{{count}}"}}})
    assert not validator.is_valid({"service": {"a": {"role": "web", "cuont": 1}}})
    assert json.loads(json.dumps(source_schema())) == source_schema()


def test_a_directory_without_files_says_what_to_do(tmp_path: Path) -> None:
    """An empty directory, and none at all."""
    with pytest.raises(CommandError, match="trellis export -o"):
        _ = read_directory(tmp_path)
    with pytest.raises(CommandError, match="is no directory and no file"):
        _ = read_directory(tmp_path / "nowhere")
    _ = (tmp_path / "a.yaml").write_bytes(b"\xff")
    assert [each.text for each in read_directory(tmp_path)[1]] == ["no UTF-8 from byte 0 on"]


MISTAKES = """\
servce:
  a: {role: web}
operator:
  ann: {}
site:
  Office: {location: eu}
  cloud: {}
  spare: {location: "eu berlin"}
role:
  web:
host:
  one: {site: ofice, capacity: {cpu: 4}}
  two: {site: cloud, controller: oak}
service:
  blog:
    role: wbe
    rol: web
    count: -1
    ports: [80, 99999]
    health: {kind: ftp, interval_ns: 10}
    stop_timeout_ns: ten
    autostart: on
  shop: {role: web, ports: [443], after: [store]}
  store: {role: web, ports: [443], after: [shop]}
path:
  all: {host: "*", services: {blgo: 1}}
item:
  ratio: 1.5
"""


@pytest.mark.repository
def test_the_examples_of_the_manual_can_be_planned(tmp_path: Path) -> None:
    """Both together, as somebody types them who reads the page from its beginning."""
    page = (Path(__file__).parents[4] / "docs" / "source.md").read_text()
    blocks = [each.partition("```")[0] for each in page.split("```yaml\n")[1:]]
    assert len(blocks) == 2
    first = blocks[0].replace("host: shop.example.org", "host: shop.{{domain}}")
    _ = (tmp_path / "shop.yaml").write_text(first + blocks[1].partition("path:")[0])
    documents, wrong = read_directory(tmp_path)
    told = make_plan(documents, ground_of({}), misread=wrong)
    assert isinstance(told, Plan), told


def test_twenty_mistakes_are_twenty_errors(tmp_path: Path) -> None:
    """Each with its file, its line, its path, what was expected, and what may have been meant."""
    _ = (tmp_path / "all.yaml").write_text(MISTAKES)
    documents, wrong = read_directory(tmp_path)
    told = make_plan(documents, ground_of({}), misread=wrong)
    assert isinstance(told, Misdescribed)
    found = [(each.place.line, each.path) for each in told.mistakes]
    assert found == [
        (1, "servce"),
        (3, "operator"),
        (6, "site.Office"),
        (7, "site.cloud.location"),
        (8, "site.spare.location"),
        (12, "host.one.capacity.cpu"),
        (12, "host.one.site"),
        (13, "host.two.controller"),
        (16, "service.blog.role"),
        (17, "service.blog.rol"),
        (18, "service.blog.count"),
        (19, "service.blog.ports[1]"),
        (20, "service.blog.health.kind"),
        (20, "service.blog.health.interval_ns"),
        (21, "service.blog.stop_timeout_ns"),
        (22, "service.blog.autostart"),
        (23, "service.shop.after"),
        (24, "service.store.ports"),
        (26, "path.all.services"),
        (28, "item.ratio"),
    ]
    by_path = {each.path: each for each in told.mistakes}
    assert by_path["servce"].suggestion == "service"
    assert by_path["service.blog.role"].suggestion == "web"
    assert by_path["path.all.services"].suggestion == "blog"
    assert by_path["service.blog.count"].expected == "a whole number from 0 to 1000"
    assert str(by_path["service.blog.rol"]).startswith(f"{tmp_path}/all.yaml:17: service.blog.rol:")


@settings(max_examples=60)
@given(text=st.text(st.sampled_from("a: {}[]&*!|>-#\n\t\"'%@`<=~0.\x00\ufeff\u2028"), max_size=60))
def test_whatever_stands_in_a_file(text: str) -> None:
    """Reading ends with a tree or with mistakes, and with nothing else."""
    for read in (read_yaml, read_toml):
        node, wrong = read(text, "a")
        assert node is not None or wrong
        told = make_plan([] if node is None else [node], ground_of({}), misread=wrong)
        assert isinstance(told, Plan | Misdescribed)
