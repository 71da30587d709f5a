"""Attacks on what is open to many: one invite shown at two doors at once, and the noticeboard."""

import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import msgspec

from crdt import Writable
from mesh.driver.keys import NaClSigner
from mesh.protocol.information import Authorship, DataSet, Information
from mesh.protocol.inputs import Path, Write
from mesh.protocol.now import Now
from mesh.protocol.replica.noticeboard import PLACE, posting
from mesh.wire.facts import Propose
from mesh.wire.identity import Address, fingerprint
from mesh.wire.invitation import (
    Newcomer,
    decode_invitation,
    invite_id,
    presence_of,
    proof_of,
)
from mesh.wire.messages import Claim, Facts, Knock, Message, Welcome
from mesh.wire.requests import SignedRequest, decode_request, sign_request
from tests.hostile.attack import Landed
from tests.hostile.from_within import as_member, chain_of, lives
from tests.hostile.stage import Stage, address
from tests.hostile.wolf import FROM, Loot, Shut, Wolf, steal
from tests.hosts.asking import agree
from tests.hosts.mesh import members
from tests.hosts.processes import Process, await_that

INVITES: Final = 5
SHOWN_S: Final = 3.0
WAIT_S: Final = 1.0
PAUSE_S: Final = 0.1
"""Between two handfuls of notices: it is the board that is to be tried, not the processor."""

NOTICES: Final = 600
AT_ONCE: Final = 10
LOOK_S_MAX: Final = 1.0
"""So soon people see what waits for them, also where the board is full of nonsense."""


# --- one invite at two doors ----------------------------------------------------------------------


def one_invite_at_two_doors(stage: Stage) -> int:
    """Two newcomers show one invite at two controllers in the same moment: one is let in."""
    tries = 0
    for number in range(INVITES):
        seed = _open_invite(stage)
        guests = [Wolf.stranger(steal(stage.insider.directory).enrolment) for _ in range(2)]
        with ThreadPoolExecutor(len(guests)) as pool:
            shown = [
                pool.submit(_show, guest, door, seed, at)
                for at, (guest, door) in enumerate(
                    zip(guests, stage.honest, strict=False), 2 * number
                )
            ]
            heard = [each.result() for each in shown]
        await_that(lambda: agree(stage.honest), 10.0, "the honest agree who was let in")
        names = [_state(stage, guest) for guest in guests]
        welcomes = sum(isinstance(each, Welcome) for said in heard for each in said)
        if len(names) - names.count(None) != 1 or welcomes > 1:
            raise Landed(f"by one invite came {names}, and {welcomes} were welcomed")
        late = _show(Wolf.stranger(guests[0].enrolment), stage.target, seed, 100 + number)
        if any(isinstance(each, Welcome) for each in late):
            raise Landed("a used invite was honoured")
        tries += len(guests) + 1
        _send_away(stage, guests)
    return tries


def _open_invite(stage: Stage) -> bytes:
    done = stage.target.run("invite", "--json")
    assert done.code == 0, done
    await_that(lambda: agree(stage.honest), 10.0, "the honest agree on the invite")
    return decode_invitation(str(json.loads(done.out)["code"])).seed


def _show(guest: Wolf, door: Process, seed: bytes, number: int) -> list[Message]:
    """Show the invite with this seed at ``door``, as a newcomer of its own; what is said to it."""
    key, environment = NaClSigner(seed), guest.enrolment.environment
    hello = msgspec.structs.replace(
        guest.hello(),
        environment=None,
        generation=0,
        generation_nonce=bytes(16),
        name=f"guest-{number}",
        addresses=(Address(FROM, 1_000 + number),),
    )
    newcomer = Newcomer(
        environment, guest.identity.public, guest.exchange.public, hello.name, hello.site
    )
    with suppress(Shut, TimeoutError), guest.line(address(door), hello) as line:
        presence = presence_of(newcomer, line.secured.binding)
        claim = Claim(invite_id(key.public), key.sign(proof_of(newcomer)), key.sign(presence))
        line.say(Knock(claim))
        return line.hear_all(SHOWN_S)
    return []


def _state(stage: Stage, guest: Wolf) -> object:
    mark = fingerprint(guest.identity.public)
    return next((row["state"] for row in members(stage.target) if _mark(row) == mark), None)


def _mark(row: dict[str, object]) -> object:
    controller = row["controller"]
    assert isinstance(controller, dict)
    return controller["fingerprint"]


def _send_away(stage: Stage, guests: list[Wolf]) -> None:
    for guest in guests:
        if _state(stage, guest) is not None:
            mark = fingerprint(guest.identity.public)
            done = stage.target.run("members", "remove", mark)
            assert done.code == 0, done.errors


# --- the noticeboard ------------------------------------------------------------------------------


def noticeboard_flooded(stage: Stage) -> int:
    """Hundreds of requests on the board: without a body, by its own key, in an operator's name."""
    with as_member(stage) as (wolf, line, loot):
        boot = chain_of(wolf, loot)[0]
        line.say(Facts((boot.signed,), direct=True))
        writer = _writer(wolf)
        model = _some_request(loot)
        said, reader = 0, lives(stage, loot)[0]
        for begin in range(0, NOTICES, AT_ONCE):
            writes: list[Write] = []
            for number in range(begin, begin + AT_ONCE):
                writes += _notice(wolf, model, number)
            now = Now(time.monotonic_ns(), time.time_ns())
            messages = [each.message for each in writer.write(writes, (reader,), now)]
            said += line.say_all(messages)
            _ = line.hear_all(PAUSE_S)
        _ = line.hear_all(WAIT_S)
    for process in stage.honest:
        begun = time.monotonic()
        found = process.client.get("/v1/changes", only="waiting")["changes"]
        took_s = time.monotonic() - begun
        if found:
            raise Landed(f"{process.name} shows a request that no operator signed")
        if took_s > LOOK_S_MAX:
            raise Landed(f"{process.name} takes {took_s:.1f} s to say what waits for people")
    return said


def _writer(wolf: Wolf) -> Information:
    place = wolf.enrolment
    data = DataSet(
        place.environment,
        place.generation,
        place.generation_nonce,
        place.secret,
        place.secret_version,
    )
    authors = Authorship(wolf.identity, wolf.suite, lambda _: wolf.identity.public)
    return Information(wolf.incarnation, data, random.Random(7), (), None, authors)


def _some_request(loot: Loot) -> SignedRequest:
    """One that an operator signed."""
    return next(fact.body.request for fact in loot.facts if isinstance(fact.body, Propose))


def _notice(wolf: Wolf, model: SignedRequest, number: int) -> tuple[Write, ...]:
    """A head without a body, a request by its own key, or one in the name of an operator."""
    nonce = os.urandom(16)
    match number % 3:
        case 0:
            place: Path = (PLACE, os.urandom(32).hex())
            head: dict[str, Writable] = {
                "pieces": 2**31,
                "signature": os.urandom(64),
                "since_ns": 0,
            }
            return (Write(place, head),)
        case 1:
            request = msgspec.structs.replace(
                decode_request(model.raw), signer=wolf.identity.public, nonce=nonce
            )
            return posting(sign_request(request, wolf.identity.sign), 0)
        case _:
            request = msgspec.structs.replace(decode_request(model.raw), nonce=nonce)
            return posting(sign_request(request, wolf.identity.sign), 0)
