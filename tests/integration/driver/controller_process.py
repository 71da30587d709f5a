"""A process that runs one controller and does what it is told, line by line, answering in JSON.

controller_process.py CONTROLLER_TOML

status                how it stands
accept ID             admit a newcomer, by its id in hex
put NAME VALUE        set an entry of running information
get NAME              read one
(end of input)        stop in good order
"""

import json
import sys
from pathlib import Path

import trio

from mesh.controller import Controller, Refused, open_controller
from mesh.driver import log
from mesh.driver.configuration import read
from mesh.protocol.replica import views


async def main(path: Path) -> None:
    """Run the controller that the file ``path`` describes."""
    configuration = read(path)
    log.configure(configuration.logging, configuration.controller.name)
    async with open_controller(configuration) as controller:
        _answer({"id": controller.id.hex(), "addresses": [str(a) for a in controller.addresses]})
        while line := await trio.to_thread.run_sync(sys.stdin.readline):
            _answer(await _obey(controller, *line.split()))


async def _obey(controller: Controller, verb: str, *words: str) -> object:
    try:
        match verb, *words:
            case ("status",):
                return views.status(controller.replica, controller.now())
            case ("accept", identity):
                return await controller.accept(bytes.fromhex(identity))
            case ("put", name, value):
                return await controller.put((name,), value)
            case ("get", name):
                inside = controller.replica.participant
                reading = inside.information.read((name,)) if inside is not None else None
                return reading.value if reading is not None else None
            case _:
                return {"error": f"what is {verb}?"}
    except Refused as error:
        return {"error": str(error)}


def _answer(value: object) -> None:
    _ = sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
