"""Controllers that find each other, share what runs, and change together at one moment.

    async with mesh.open_controller(configuration) as controller:
        await controller.put(("greeting",), "hello")

What needs trio is loaded when it is asked for: the pure parts below can be used without it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.controller import Controller, open_controller
    from mesh.driver.configuration import Configuration

__all__ = ["Configuration", "Controller", "open_controller"]


def __getattr__(name: str) -> object:
    """The public names, from where they live."""
    if name == "Configuration":
        from mesh.driver.configuration import Configuration  # noqa: PLC0415  see above

        return Configuration
    if name in __all__:
        from mesh import controller  # noqa: PLC0415  see above

        return getattr(controller, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
