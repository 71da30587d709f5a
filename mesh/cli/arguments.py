"""What most commands take alike."""

import argparse


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--json``, and which controller is spoken to."""
    group = parser.add_argument_group("for every command")
    group.add_argument("--json", action="store_true", help="print JSON, for programs")
    group.add_argument("--data-dir", metavar="DIR", help="the controller's data directory")
    group.add_argument("--socket", metavar="PATH", help="the controller's socket, wherever it is")


def verbs(parser: argparse.ArgumentParser) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """The verbs of a command; one must be given unless the command says otherwise."""
    return parser.add_subparsers(dest="verb", metavar="VERB", required=False)


def add_verb(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help_: str,
    example: str,
) -> argparse.ArgumentParser:
    """One verb, with its common options and an example."""
    parser = subparsers.add_parser(
        name,
        help=help_,
        description=help_,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common(parser)
    return parser
