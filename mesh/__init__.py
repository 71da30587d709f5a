"""Controllers that find each other, share what runs, and change together at one moment.

    async with mesh.open_controller(configuration) as controller:
        await controller.put(("greeting",), "hello")

What needs trio is loaded when it is asked for: the pure parts below can be used without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.controller import Controller, open_controller
    from mesh.driver.configuration import Configuration
    from mesh.protocol.inputs import Write
    from mesh.wire.requests import Command

__all__ = ["Command", "Configuration", "Controller", "Write", "open_controller"]

_PLACES = {
    "Command": "mesh.wire.requests",
    "Configuration": "mesh.driver.configuration",
    "Controller": "mesh.controller",
    "Write": "mesh.protocol.inputs",
    "open_controller": "mesh.controller",
}


def __getattr__(name: str) -> object:
    """The public names, from where they live."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(place), name)
