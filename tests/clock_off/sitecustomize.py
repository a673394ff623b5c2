"""A Python whose clock is off: PYTHONPATH=tests/clock_off CLOCK_OFF_HOURS=1, negative for one that is behind.

Python imports this file by itself when it starts. It stands for a machine with a wrong clock, which a test cannot set.
"""

from __future__ import annotations

import datetime
import os

_OFF = datetime.timedelta(hours=float(os.environ["CLOCK_OFF_HOURS"]))


class _OffClock(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return super().now(tz) + _OFF


datetime.datetime = _OffClock  # type: ignore[misc]
