"""Founding, knocking, welcoming: how controllers become one environment."""

from mesh.protocol.admission.activation import (
    Candidate,
    activation_deadline_ns,
    commands_to_activate,
)
from mesh.protocol.admission.enrolment import (
    Enrolment,
    decode_enrolment,
    encode_enrolment,
)
from mesh.protocol.admission.machine import Admission
from mesh.protocol.admission.pending import Pending
from mesh.protocol.admission.phases import Phase
from mesh.protocol.admission.steps import (
    AdmissionStatistics,
    AdmissionStatus,
    AdmissionStep,
    Card,
    Claimed,
    Proof,
)

__all__ = [
    "Admission",
    "AdmissionStatistics",
    "AdmissionStatus",
    "AdmissionStep",
    "Candidate",
    "Card",
    "Claimed",
    "Enrolment",
    "Pending",
    "Phase",
    "Proof",
    "activation_deadline_ns",
    "commands_to_activate",
    "decode_enrolment",
    "encode_enrolment",
]
