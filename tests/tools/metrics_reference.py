"""Writes docs/reference/metrics.md: python -m tests.tools.metrics_reference."""

from pathlib import Path
from typing import Final

from mesh.api.bounds import BOUNDS
from mesh.api.metrics import METRICS, Kind

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

_HEAD: Final = """# Metrics

`GET /v1/metrics`, and `trellis metrics`, tell in the text format of Prometheus what a controller
has counted. The numbers of the process (such as `process_resident_memory_bytes`) come with them.
Labels come from fixed lists; no value is a key, a name or a secret.
This page is written by `python -m tests.tools.metrics_reference` from the table that the program
itself reads.

| metric | kind | label | what it says |
|---|---|---|---|
"""

_BOUNDS: Final = """
## What is bounded

Everything that others could make grow ends somewhere. `trellis_used` and `trellis_limit` have a
value for each of these tables; what was turned away is counted by `trellis_dropped_total`.

| table | limit | when it is full |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = "".join(
        f"| `trellis_{each.name}{'_total' if each.kind is Kind.COUNTER else ''}` | {each.kind}"
        f" | {each.label} | {each.help} |\n"
        for each in METRICS
    )
    bounds = "".join(f"| {each.name} | {each.limit:,} | {each.full} |\n" for each in BOUNDS)
    return _HEAD + rows + _BOUNDS + bounds


if __name__ == "__main__":
    _ = PAGE.write_text(page())
