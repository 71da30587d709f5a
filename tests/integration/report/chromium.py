"""Debian's Chromium without a window, spoken to over a pipe (Chrome DevTools Protocol).

Nothing here waits for a while and hopes: the page, when it is opened with #check, says what it has
drawn. Pictures are PNG files, of which the few features are
read here that Chromium uses: eight bits for each of three or four colours.
"""

import base64
import json
import os
import select
import shutil
import struct
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

PATIENCE_S: Final = 60.0
"""For any one answer: a busy machine takes seconds to start a browser."""

DRAWN: Final = """new Promise((tell) => {
  const look = () => {
    const text = document.getElementById("drawn")?.textContent;
    const failed = document.getElementById("failed")?.textContent;
    if (text || failed) tell(text || failed); else setTimeout(look, 20);
  };
  look();
})"""
"""Waits for the first drawing, from the moment on at which the page begins to load."""

REDRAWN: Final = """new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(
  () => tell(document.getElementById("drawn").textContent))))"""
"""Waits until what was asked for is drawn, which is in the next frame."""

Json = dict[str, object]


def demand_chromium() -> None:
    """Skip where it is missing."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")


@contextmanager
def open_browser(profile: Path) -> Iterator["Browser"]:
    """A browser with one tab, as long as the block lasts."""
    to_read, to_browser = os.pipe()
    from_browser, to_write = os.pipe()
    arguments = (
        "--headless",
        "--no-sandbox",  # tests run as root, where Chromium has none
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-pipe",  # on its descriptors 3 and 4
        f"--user-data-dir={profile}",
        "about:blank",
    )
    redirected = f'exec chromium "$@" 3<&{to_read} 4>&{to_write}'
    with subprocess.Popen(
        ("bash", "-c", redirected, "chromium", *arguments),
        pass_fds=(to_read, to_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(to_read)
        os.close(to_write)
        try:
            yield Browser(Pipe(from_browser, to_browser))
        finally:
            os.close(to_browser)
            os.close(from_browser)
            process.kill()


class Pipe:
    """Calls and answers, each a line of JSON that ends with a zero byte."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._calls = 0
        self._rest = b""

    def call(self, method: str, session: str | None = None, **parameters: object) -> Json:
        """The answer to one call; what else the browser says meanwhile is not of interest."""
        self._calls += 1
        asked: Json = {"id": self._calls, "method": method, "params": parameters}
        if session is not None:
            asked["sessionId"] = session
        _ = os.write(self._writing, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._calls:
                result = told.get("result")
                assert isinstance(result, dict), told
                return result

    def _next(self) -> Json:
        until = time.monotonic() + PATIENCE_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], until - time.monotonic())
            more = os.read(self._reading, 1 << 16) if ready else b""
            assert more, "the browser says nothing"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        told: Json = json.loads(line)
        return told


class Browser:
    """One tab."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
        session = pipe.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        assert isinstance(session, str)
        self._session = session
        _ = self._call("Page.enable")

    def _call(self, method: str, **parameters: object) -> Json:
        return self._pipe.call(method, self._session, **parameters)

    def _evaluate(self, expression: str) -> object:
        told = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        result = told["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def open(self, page: Path, *, width: int = 1400, height: int = 900, dark: bool = False) -> Json:
        """Show ``page`` on a screen of this size; what it says that it drew."""
        self._call_size(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        _ = self._call("Emulation.setEmulatedMedia", features=[scheme])
        _ = self._call("Page.navigate", url="about:blank")
        _ = self._call("Page.navigate", url=f"{page.as_uri()}#check")
        return _drawn(self._evaluate(DRAWN))

    def _call_size(self, width: int, height: int) -> None:
        _ = self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def press(self, key: str) -> Json:
        """Press a key, as a person does; what is drawn then."""
        text = {"text": key} if len(key) == 1 else {}
        _ = self._call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        _ = self._call("Input.dispatchKeyEvent", type="keyUp", key=key)
        return _drawn(self._evaluate(REDRAWN))

    def click(self, selector: str) -> Json:
        """Click the middle of what ``selector`` finds first; what is drawn then."""
        found = self._evaluate(
            f"""(() => {{
              const one = document.querySelector({json.dumps(selector)});
              one.scrollIntoView({{ block: "center" }});
              const box = one.getBoundingClientRect();
              return [box.left + box.width / 2, box.top + box.height / 2];
            }})()"""
        )
        assert isinstance(found, list)
        for deed in ("mousePressed", "mouseReleased"):
            _ = self._call(
                "Input.dispatchMouseEvent",
                type=deed,
                x=found[0],
                y=found[1],
                button="left",
                clickCount=1,
            )
        return _drawn(self._evaluate(REDRAWN))

    def picture(self) -> "Picture":
        """How it looks now."""
        data = self._call("Page.captureScreenshot", format="png")["data"]
        assert isinstance(data, str)
        return read_png(base64.b64decode(data))


def _drawn(text: object) -> Json:
    assert isinstance(text, str)
    assert text.startswith("{"), f"nothing was drawn: {text}"
    told: Json = json.loads(text)
    return told


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
