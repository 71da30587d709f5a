"""A host: a machine, what it is for, and which controller runs there.

The controller is optional: a machine may be described before Trellis runs on it.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import Member, Record
from mesh.environment.declarations import Arguments, Declaration, ElementSet, Parameter, text
from mesh.environment.draft import Draft
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.kinds import controller, role, site
from mesh.environment.objects import object_commands
from mesh.environment.shapes import HEX32, LABEL, Reference, Text, Whole

NAME: Final = "host"

_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ADDRESS: Final = Text(
    "a host name or an address, without a port",
    # Digits and dots alone are an IPv4 address; one colon alone would be before a port.
    rf"{_OCTET}(?:\.{_OCTET}){{3}}|(?![0-9.]*$)(?![^:]*:[^:]*$)[^\s/\x00]{{1,253}}",
)

_CAPACITY: Final = Record(
    "what it has to give",
    (
        Member("cpu_millicores", Whole(1, 10_000_000)),
        Member("memory_mib", Whole(1, 1_000_000_000)),
        Member("disk_mib", Whole(1, 1_000_000_000_000)),
    ),
)
_FIELDS: Final = (
    Parameter(
        controller.NAME,
        Reference(controller.NAME, HEX32),
        "the controller that runs there: its name, its fingerprint or its key",
        written=controller.WRITTEN,
    ),
    Parameter(
        "address",
        ADDRESS,
        "where others reach it",
    ),
    Parameter("site", Reference(site.NAME), "the place where it stands"),
    Parameter("capacity", _CAPACITY, "what its services may use together"),
    Parameter("description", Text(), "what people should know about it"),
)
_SETS: Final = (
    ElementSet("labels", Parameter("label", LABEL, "a word to find it by")),
    ElementSet("roles", Parameter(role.NAME, Reference(role.NAME), "what it is for")),
)


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    """A controller runs on one host."""
    del name
    said = fields.get(controller.NAME)
    return () if said is None else (Claim((controller.NAME, str(said))),)


def _naming_controllers(declaration: Declaration) -> Declaration:
    """The same, with the key for whatever a person wrote to say which controller."""

    def fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
        filled = declaration.fill(draft, arguments, fresh)
        if controller.NAME not in filled:
            return filled
        key = controller.key_of(draft, text(filled, controller.NAME))
        return filled if key is None else {**filled, controller.NAME: key}

    return replace(declaration, fill=fill)


KIND: Final = Kind(
    NAME,
    "a machine, and what it is for",
    _FIELDS,
    tuple(_naming_controllers(each) for each in object_commands(NAME, _FIELDS, _SETS)),
    _SETS,
    _claims,
    described=True,
)
