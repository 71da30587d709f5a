"""The report as one HTML file that needs nothing else: no network, no server, no library.

The verdict, the command that replays the run and the explanations are plain HTML. The pictures are
drawn by a program in the page from the packed recording, so that they can be zoomed and asked.
"""

from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from simulations.report import payload, prose
from simulations.report.subject import Subject
from simulations.report.troubles import troubles
from simulations.report.words import GLOSSARY

PAGE_BYTES_MAX: Final = 1_500_000
"""So that it can be sent by mail and opened on a telephone."""

SCRIPTS: Final = (
    "data.js",
    "causes.js",
    "paint.js",
    "overview.js",
    "matrix.js",
    "diagram.js",
    "stories.js",
    "page.js",
)
"""In the order in which they need each other."""


def page(subject: Subject, many: str = "") -> str:
    """The whole page; ``many`` is HTML about many runs, as ``plots`` makes it."""
    faults = troubles(subject)
    made = Template(_asset("page.html")).substitute(
        title=escape(subject.title),
        style=_asset("style.css"),
        mood="" if subject.is_good else "is-bad",
        sign="✔" if subject.is_good else "✘",
        headline=escape(prose.headline(subject)),
        summary="".join(f"<li>{escape(line)}</li>" for line in prose.summary(subject, faults)),
        story=_story(subject),
        expected=_expected(subject),
        replay=escape(subject.replay),
        figures="".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
            for name, value in payload.figures(subject)
        ),
        run=_asset("run.html"),
        many=many,
        glossary="".join(
            f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in GLOSSARY
        ),
        data=payload.packed(subject),
        script="\n".join(map(_asset, SCRIPTS)),
    )
    assert len(made.encode()) <= PAGE_BYTES_MAX, "the page is larger than it may be"
    return made


def _asset(name: str) -> str:
    return (files("simulations.report") / "assets" / name).read_text(encoding="utf-8")


def _story(subject: Subject) -> str:
    paragraphs = (each for each in subject.story.split("\n\n") if each.strip())
    return "".join(f'<p class="story">{escape(each)}</p>' for each in paragraphs)


def _expected(subject: Subject) -> str:
    plain = subject.recorder.names.plain
    lines = "".join(
        f'<li class="{"good" if each.holds else "bad"}">'
        f"{'✔' if each.holds else '✘'} {escape(each.promise)}"
        f' <span class="soft">{escape(f"({plain(each.seen)})" if each.seen else "")}</span></li>'
        for each in subject.verdict.judgements
    )
    return f'<p>What the situation promises:</p><ul class="expected">{lines}</ul>' if lines else ""
