"""Debian's Chromium, without a window: what a page holds after its program ran, and how it looks.

The page says itself what it drew, when it is opened with #check. Pictures are PNG files, of which
the few features are read here that Chromium uses: eight bits for each of three or four colours.
"""

import html
import json
import re
import shutil
import struct
import subprocess
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

PATIENCE_S: Final = 60
VIRTUAL_MS: Final = 3_000
"""Of the page's own time, which passes as fast as it can."""

DRIVER: Final = """<script>
const steps = STEPS;
const timer = setInterval(() => {
  if (!document.getElementById("drawn").textContent) return;
  if (steps.length) steps.shift()(); else clearInterval(timer);
}, 100);
</script>"""


def demand_chromium() -> None:
    """Skip where it is missing."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")


@dataclass(frozen=True)
class Browser:
    """How a person has set it up."""

    profile: Path
    width: int = 1400
    height: int = 900
    is_dark: bool = False

    def drawn(self, page: Path, *steps: str) -> dict[str, object]:
        """What ``page`` says that it drew, after ``steps``: expressions of JavaScript, in turn."""
        content = page.read_text(encoding="utf-8")
        if steps:
            driver = DRIVER.replace(
                "STEPS", "[" + ",".join(f"() => {step}" for step in steps) + "]"
            )
            page = page.with_suffix(".driven.html")
            _ = page.write_text(content.replace("</body>", f"{driver}</body>"), encoding="utf-8")
        dom = self._run(page, "--dump-dom")
        found = re.search(r'<output id="drawn"[^>]*>([^<]*)</output>', dom)
        alert = re.search(r'role="alert">([^<]*)<', dom)
        text = found[1] if found is not None else ""
        assert text, f"nothing was drawn: {alert and alert[1]}"
        told: dict[str, object] = json.loads(html.unescape(text))
        return told

    def picture(self, page: Path, name: str) -> "Picture":
        """How the top of ``page`` looks."""
        place = self.profile / f"{name}.png"
        _ = self._run(page, f"--screenshot={place}", "--hide-scrollbars")
        return read_png(place.read_bytes())

    def _run(self, page: Path, *words: str) -> str:
        scheme = "0" if self.is_dark else "1"
        done = subprocess.run(
            (
                "chromium",
                "--headless",
                "--no-sandbox",  # tests run as root, where Chromium has none
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={self.profile}",
                f"--window-size={self.width},{self.height}",
                f"--blink-settings=preferredColorScheme={scheme}",
                f"--virtual-time-budget={VIRTUAL_MS}",
                *words,
                f"{page.as_uri()}#check",
            ),
            capture_output=True,
            check=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.stdout


# --- pictures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """How many pixels there are of each colour: red, green, blue."""

    width: int
    height: int
    counts: Counter[tuple[int, ...]]

    @property
    def background(self) -> tuple[int, ...]:
        """The colour of most pixels."""
        return self.counts.most_common(1)[0][0]

    @property
    def lightness(self) -> float:
        """Of the background: 0 black, 1 white."""
        return sum(self.background) / 765

    @property
    def ink(self) -> float:
        """The share of pixels that are not background."""
        return 1 - self.counts[self.background] / (self.width * self.height)


def read_png(raw: bytes) -> Picture:
    """The picture in a PNG file (W3C, second edition) of eight bits, not interlaced."""
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", raw[16:29])
    assert (depth, interlaced) == (8, 0)
    size = {2: 3, 6: 4}[colour]
    data, at = b"", 8
    while at < len(raw):
        (length,) = struct.unpack(">I", raw[at : at + 4])
        if raw[at + 4 : at + 8] == b"IDAT":
            data += raw[at + 8 : at + 8 + length]
        at += length + 12
    colours: Counter[tuple[int, ...]] = Counter()
    plain, wide = zlib.decompress(data), width * size
    row = bytearray(wide)
    for number in range(height):
        start = number * (wide + 1)
        row = _unfiltered(plain[start], bytearray(plain[start + 1 : start + 1 + wide]), row, size)
        colours.update(zip(row[0::size], row[1::size], row[2::size], strict=True))
    return Picture(width, height, colours)


def _unfiltered(kind: int, row: bytearray, above: bytearray, size: int) -> bytearray:
    """One row as it was before it was filtered."""
    for at, value in enumerate(row):
        left = row[at - size] if at >= size else 0
        corner = above[at - size] if at >= size else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        row[at] = (value + guess) & 255
    return row


def _paeth(left: int, up: int, corner: int) -> int:
    """Whichever of the three is nearest to left + up - corner (Paeth, 1991)."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
