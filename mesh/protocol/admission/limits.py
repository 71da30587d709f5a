"""Every bound of admission, with its unit and its reason."""

from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND

KNOCK_EVERY_NS: Final = 30 * SECOND
"""Between two knocks at one door: often enough that a list of who waits is up to date."""

KNOCK_GAP_NS: Final = 1 * SECOND
"""Knocks on one stream that come sooner after the last one are not heard."""

KNOCKS_EVERY_NS: Final = 50 * MILLISECOND
"""From all strangers together, in the long run: a hostile network costs 20 small steps a second."""

KNOCKS_AT_ONCE: Final = 100
"""As many may come together: an office that is switched on in the morning."""

PENDING_MAX: Final = 256
"""Newcomers listed at a time; a person accepts them one by one."""

PENDING_NS: Final = 600 * SECOND
"""Who has not knocked for so long has gone elsewhere: twenty knocks in a row are missing."""

ACTIVATION_PATIENCE_NS: Final = 60 * SECOND
"""How long a learner that caught up waits for the author of its admission, before another acts."""

ACTIVATION_STEP_NS: Final = 10 * SECOND
"""The others act one after the other, so that usually one proposal does it."""
