"""What a situation promises: the words of ``[expect]``, each of them optional.

Every run is held to the rules of the protocol anyway, and in the end the healthy hosts agree. What
stands here is said beside that, about this one situation. ChangeSets are called by the steps that
submit them; where a value or a standing is expected, every healthy host must show it.
"""

from msgspec import field

from simulations.plan import Amount, Count, FaultName, Name, Nanoseconds, Plan, StepName


class Range(Plan, frozen=True):
    """A count, both ends included."""

    least: Amount = 0
    most: Amount | None = None

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"

    def has(self, count: int) -> bool:
        """Whether ``count`` is within."""
        return self.least <= count and (self.most is None or count <= self.most)


class Expect(Plan, frozen=True):
    """What must hold at the end."""

    # --- ChangeSets -------------------------------------------------------------------------

    effective: tuple[StepName, ...] = ()
    """These take effect."""
    set_aside: tuple[StepName, ...] = ()
    """These are set aside, whole, and are listed as conflicts."""
    cancelled: tuple[StepName, ...] = ()
    """Nobody ever releases these."""
    one_of: tuple[tuple[StepName, ...], ...] = ()
    """Of each group exactly one takes effect; the others are set aside or cancelled."""
    refused: dict[StepName, str] = field(default_factory=dict)
    """These are refused, with such words: by the controller that is asked, or at the barrier."""
    shown_within_ns: dict[StepName, Nanoseconds] = field(default_factory=dict)
    """So soon after somebody submitted it every healthy host shows the ChangeSet."""
    skew_ns: Nanoseconds | None = None
    """At most this lies between the first and the last host that shows a ChangeSet on time."""
    late: Range | None = None
    """How often a host shows a ChangeSet later than agreed."""
    merges: Range | None = None
    """How many merges are in the history."""

    # --- values -----------------------------------------------------------------------------

    settings: dict[str, str | int | bool] = field(default_factory=dict)
    """Values of the configuration: ``"item/colour" = "red"``, ``"site/berlin/location" = …``."""
    shown_by: dict[Name, dict[str, str | int | bool]] = field(default_factory=dict)
    """Values of the configuration that this one host shows; it may be outside the core."""
    entries: dict[str, tuple[StepName, ...]] = field(default_factory=dict)
    """Running information: the path shows what these steps wrote, nothing else; none: nothing."""

    # --- controllers ------------------------------------------------------------------------

    failed: tuple[Name, ...] = ()
    """Somebody holds each of these failed at some time."""
    never_suspected: tuple[Name, ...] = ()
    """Nobody ever suspects one of these, but for the moment before its own goodbye arrives."""
    never_failed: tuple[Name, ...] = ()
    """Nobody ever holds one of these failed, or gone of its own will."""
    together: tuple[tuple[Name, ...], ...] = ()
    """Within each of these groups nobody ever holds another one failed."""
    removed: tuple[Name, ...] = ()
    """No healthy host counts these among those that take part."""
    admitted: tuple[Name, ...] = ()
    """Every healthy host counts these among those that take part."""
    outside: tuple[Name, ...] = ()
    """Nobody ever counts these among those that take part: they are not even in the roster."""
    one_admitted: tuple[tuple[Name, ...], ...] = ()
    """Of each group exactly one takes part in the end, and everywhere the same."""
    rotated: tuple[Name, ...] = ()
    """Every healthy host takes each of these by the key that it was given last."""
    environments: Count | None = None
    """So many environments there are among all hosts that run."""

    # --- the run ----------------------------------------------------------------------------

    noticed: tuple[str, ...] = ()
    """Alarms and notices that some controller raises: the word in its log."""
    never_noticed: tuple[str, ...] = ()
    """Alarms and notices that none raises."""
    agree_within_ns: Nanoseconds | None = None
    """So soon after the horizon the healthy hosts agree."""
    harmless: tuple[FaultName, ...] = ()
    """Faults that may well make no difference; each other one must bite."""
