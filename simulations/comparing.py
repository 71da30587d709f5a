"""Two ways of doing things on the same luck: what is the difference, and how sure is it?

Run by run both have the same seed, and streams of luck are keyed by purpose, so most of what varies
between seeds is common to both and falls out of the difference of each pair. The interval is
Student's for the mean of paired differences (1908), at 95 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Final

_QUANTILES: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Of Student's distribution at 97.5 %, for 1 to 30 degrees of freedom."""

_NORMAL: Final = 1.96
"""The same for very many."""

PAIRS_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure, in two ways of doing things."""

    before: float
    """Mean as the file is written."""
    after: float
    """Mean with what the alternative lays over it."""
    mean: float
    low: float
    high: float
    """The interval around ``mean``; without bounds where there is one pair only."""
    pairs: int

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def compared(
    before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]]
) -> Mapping[str, Difference]:
    """Each measure that both have, from the runs of equal seeds."""
    names = dict.fromkeys(name for measures in (*before, *after) for name in measures)
    found: dict[str, Difference] = {}
    for name in names:
        pairs = [
            (one[name], other[name])
            for one, other in zip(before, after, strict=True)
            if name in one and name in other
        ]
        if pairs:
            found[name] = difference(pairs)
    return found


def difference(pairs: Sequence[tuple[float, float]]) -> Difference:
    """From at least one pair (before, after)."""
    gaps = [after - before for before, after in pairs]
    mean = fmean(gaps)
    reach = math.inf
    if len(gaps) >= PAIRS_MIN:
        freedom = len(gaps) - 1
        quantile = _QUANTILES[freedom - 1] if freedom <= len(_QUANTILES) else _NORMAL
        reach = quantile * stdev(gaps) / math.sqrt(len(gaps))
    return Difference(
        before=fmean(before for before, _ in pairs),
        after=fmean(after for _, after in pairs),
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        pairs=len(pairs),
    )
