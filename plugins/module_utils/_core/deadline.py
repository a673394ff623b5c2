# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""asyncio.timeout, which Python has from 3.11 on, for hosts with an older one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_AGAIN_SECONDS = 0.05


@asynccontextmanager
async def until(seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError where the body is not done after so many seconds, as asyncio.timeout does."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    expired = False
    timer: asyncio.TimerHandle

    def expire() -> None:
        nonlocal expired, timer
        expired = True
        if task:
            task.cancel()
        # Two deadlines that end in one turn of the loop cancel once, and the inner one takes that for its own.
        timer = loop.call_later(_AGAIN_SECONDS, expire)

    timer = loop.call_later(seconds, expire)
    try:
        yield
    except asyncio.CancelledError:
        if expired:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


within = getattr(asyncio, "timeout", until)
