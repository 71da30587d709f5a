"""``trellis demo``: five controllers on this machine do all that Trellis is for, and it is told."""

from mesh.cli.demo.command import add_arguments, run

__all__ = ["add_arguments", "run"]
