"""The table of commands as JSON Schema (draft 2020-12), for editors, clients and OpenAPI."""

from mesh.environment.declarations import Declaration
from mesh.environment.kinds import COMMANDS
from mesh.wire.requests import Value


def command_schema(declaration: Declaration) -> dict[str, Value]:
    """The parameters of one command as people write them."""
    properties: dict[str, Value] = {}
    for parameter in declaration.parameters:
        if not parameter.filled:
            schema = (parameter.written or parameter.shape).json_schema()
            schema["description"] = parameter.help
            if parameter.default is not None:
                schema["default"] = parameter.default
            properties[parameter.name] = schema
    required: list[Value] = [
        parameter.name
        for parameter in declaration.parameters
        if parameter.required and not parameter.filled
    ]
    return {
        "type": "object",
        "description": declaration.help,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def commands_schema() -> dict[str, Value]:
    """All commands: one schema for each ``group verb``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {
            f"{group} {verb}": command_schema(declaration)
            for (group, verb), declaration in COMMANDS.items()
        },
    }
