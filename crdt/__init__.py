"""The data that replicas share: pure values whose only way to combine is a join."""

from crdt.clock import HybridClock, stamp_at, stamp_ms
from crdt.collection import CollectionPolicy
from crdt.epoch import data_set_epoch
from crdt.errors import Reason, RefusedWrite, Rejected
from crdt.fingerprints import NO_SECRET, Secret
from crdt.groups import Equivocation, Seal, Verify
from crdt.journal import Damaged, Restored, restore
from crdt.merge import Applied
from crdt.operations import Dirty, Put, Remove, StoreStatistics
from crdt.owned import Entry, Liveness, OwnedStore, Standing
from crdt.reading import Reading, Token
from crdt.record import REMOVED, Delta, KeyedRecord, Record, Sibling
from crdt.seen import Dot, Extent
from crdt.store import Store
from crdt.sync.codec import Speech, decode, encode, speech_of
from crdt.sync.synchronizer import Outcome, Parcel, Synchronizer, SyncStatistics
from crdt.sync.work import Alarm, AlarmKind
from crdt.values import Key, Value, Writable
from crdt.views import AddWinsSet, Counter, Flag, OrderedPaths, Register

__all__ = [
    "NO_SECRET",
    "REMOVED",
    "AddWinsSet",
    "Alarm",
    "AlarmKind",
    "Applied",
    "CollectionPolicy",
    "Counter",
    "Damaged",
    "Delta",
    "Dirty",
    "Dot",
    "Entry",
    "Equivocation",
    "Extent",
    "Flag",
    "HybridClock",
    "Key",
    "KeyedRecord",
    "Liveness",
    "OrderedPaths",
    "Outcome",
    "OwnedStore",
    "Parcel",
    "Put",
    "Reading",
    "Reason",
    "Record",
    "RefusedWrite",
    "Register",
    "Rejected",
    "Remove",
    "Restored",
    "Seal",
    "Secret",
    "Sibling",
    "Speech",
    "Standing",
    "Store",
    "StoreStatistics",
    "SyncStatistics",
    "Synchronizer",
    "Token",
    "Value",
    "Verify",
    "Writable",
    "data_set_epoch",
    "decode",
    "encode",
    "restore",
    "speech_of",
    "stamp_at",
    "stamp_ms",
]
