"""What a sweep is over: for each seed one scenario, and a name for all of them together."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import msgspec

from simulations.build import Build
from simulations.generator import generate
from simulations.scenario import Scenario, fingerprint

_GENERATED = "generated"


class Source(Protocol):
    """A scenario for each seed."""

    @property
    def name(self) -> str:
        """What people call it: one word."""

    @property
    def fingerprint(self) -> str:
        """Equal sources, and no others, have equal ones."""

    def scenario(self, seed: int) -> Scenario:
        """The scenario of ``seed``."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Each seed has a scenario of its own."""

    name: str = _GENERATED
    fingerprint: str = _GENERATED
    """The generator is code, and the code is named beside it."""

    def scenario(self, seed: int) -> Scenario:
        """The scenario of ``seed``."""
        return generate(seed)


@dataclass(frozen=True, slots=True)
class Fixed:
    """One scenario; the seed decides its luck."""

    name: str
    template: Scenario

    @property
    def fingerprint(self) -> str:
        """That of the scenario, its seed aside."""
        return fingerprint(self.scenario(0))

    def scenario(self, seed: int) -> Scenario:
        """The scenario with another seed."""
        return msgspec.structs.replace(self.template, seed=seed)


def key(source: Source, build: Build, plant: str | None = None) -> str:
    """Names everything that the outcome of a seed depends on, 16 hexadecimal digits."""
    parts = "\n".join((source.fingerprint, build.trellis, build.code, plant or ""))
    return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()
