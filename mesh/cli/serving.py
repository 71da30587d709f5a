"""A controller and its API until somebody says stop: the inside of ``trellis up``."""

import signal
import sys
from dataclasses import asdict
from typing import Final

import trio

from mesh.api.server import Face, open_api
from mesh.cli.output import emit_json_line, has_terminal, paint, pairs, say, version
from mesh.controller import Controller, open_controller
from mesh.driver.configuration import Configuration
from mesh.driver.journal.sqlite import SWITCH_S
from mesh.protocol.replica import views

LOOK_S: Final = 0.5
"""How often it is looked whether there is something new to say: nothing is decided by it, so soon
enough for a person is often enough, and each look costs an idle controller a little."""


async def serve(configuration: Configuration, until_eof: bool, as_json: bool) -> None:  # noqa: FBT001  trio.run passes by position
    """Run a controller and its API until a signal, or the end of standard input, says stop."""
    sys.setswitchinterval(SWITCH_S)
    async with (
        open_controller(configuration) as controller,
        open_api(controller, configuration.api_socket) as face,
        trio.open_nursery() as nursery,
    ):
        _introduce(controller, configuration, face, as_json=as_json)
        if as_json or has_terminal():
            nursery.start_soon(_narrate, controller, as_json)
        if until_eof:
            nursery.start_soon(_stop_at_end_of_input, nursery.cancel_scope)
        await _stop_at_signal()
        nursery.cancel_scope.cancel()
    if not as_json:
        say("stopped")


async def _stop_at_signal() -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async for _ in signals:
            return


async def _stop_at_end_of_input(scope: trio.CancelScope) -> None:
    """Whoever started this process holds the other end, and so ends it by ending itself."""
    descriptor = sys.stdin.fileno()
    async with trio.lowlevel.FdStream(descriptor) as stream:
        while await stream.receive_some():
            pass
    scope.cancel()


# --- what is said ---------------------------------------------------------------------------------


def _introduce(
    controller: Controller, configuration: Configuration, face: Face | None, *, as_json: bool
) -> None:
    stands = views.status(controller.replica, controller.now())["controller"]
    if as_json:
        emit_json_line(
            {
                "event": "up",
                "controller": stands,
                "socket": str(configuration.api_socket),
                "tcp": None if face is None else asdict(face),
            }
        )
        return
    say(f"{paint('trellis', 'bold')} {version()}")
    pairs(
        {
            "controller": f"{stands['name']} at site {stands['site']}",
            "fingerprint": paint(stands["fingerprint"], "bold"),
            "listens": ", ".join(stands["addresses"]) + ", UDP and TCP",
            "data": str(configuration.controller.data_dir),
            "api": str(configuration.api_socket),
            **({} if face is None else {"api, TCP": f"https://{face.address}"}),
            **({} if face is None else {"certificate": f"SHA-256 {face.fingerprint}"}),
        }
    )


async def _narrate(controller: Controller, as_json: bool) -> None:  # noqa: FBT001  a task gets its arguments by position
    """Say how the controller stands whenever that changes, and who waits to be accepted."""
    told = ""
    known: set[str] = set()
    while True:
        admission, now = controller.replica.admission, controller.now()
        stands = admission.status(now)
        if stands.text != told:
            told = stands.text
            _tell(stands.phase.value, told, as_json=as_json)
        waiting = admission.pending(now)
        for line in waiting:
            if line.fingerprint not in known:
                text = (
                    f"{line.name} at site {line.site} asks to be accepted. Compare its "
                    f"fingerprint, then: trellis members accept {line.fingerprint}"
                )
                _tell("asked", text, as_json=as_json)
        known = {line.fingerprint for line in waiting}
        await trio.sleep(LOOK_S)


def _tell(event: str, text: str, *, as_json: bool) -> None:
    if as_json:
        emit_json_line({"event": event, "text": text})
    else:
        say(text)
