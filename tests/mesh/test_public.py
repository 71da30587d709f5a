"""What a Python program gets from `import mesh`."""

import subprocess
import sys

import pytest

import mesh
from mesh.controller import Controller, open_controller
from mesh.driver.configuration import Configuration
from mesh.protocol.inputs import Write
from mesh.wire.requests import Command


def test_public_names_are_these() -> None:
    """The surface is short, and a change of it is a decision."""
    assert mesh.__all__ == ["Command", "Configuration", "Controller", "Write", "open_controller"]
    assert mesh.open_controller is open_controller
    assert mesh.Controller is Controller
    assert mesh.Configuration is Configuration
    assert (mesh.Command, mesh.Write) == (Command, Write)


def test_other_names_are_an_error() -> None:
    """A misspelt name is no silent None."""
    with pytest.raises(AttributeError, match="open_controler"):
        _ = mesh.open_controler


def test_import_alone_loads_no_trio() -> None:
    """The pure parts are used where trio is not wanted."""
    code = "import sys, mesh, mesh.wire.codec; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
