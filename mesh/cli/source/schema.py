"""``trellis schema``: what may stand in source files, as JSON Schema for editors."""

from __future__ import annotations

import argparse

from mesh.cli.arguments import add_common
from mesh.cli.errors import DONE
from mesh.cli.output import emit_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis schema > trellis.schema.json"


def run(arguments: argparse.Namespace) -> int:
    """Print it, as JSON in any case."""
    from mesh.environment.source.json_schema import source_schema

    del arguments
    emit_json(source_schema())
    return DONE
