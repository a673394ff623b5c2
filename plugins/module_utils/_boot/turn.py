# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One host after the other: two that join a network at the same time after a fault may take each other's addresses.

By a key in dockerd's store, which the hosts share. It goes by itself where its host loses power again.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import Access, Client
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.store import Condition, Conflict, V2Store

_KEY = "/overlay-lab/starts-containers"
# Counted anew with each container, which takes a second or two.
_SECONDS = 60
_TIMEOUT = 5.0
_SCHEME = "etcd://"


def access(settings: Mapping[str, Any]) -> Access | None:
    """The store of a dockerd with these settings (daemon.json), as it asks it; None for one without."""
    store = settings.get("cluster-store", "")
    if not store.startswith(_SCHEME):
        return None
    options = settings.get("cluster-store-opts", {})
    ca, certificate, key = (options.get(f"kv.{name}") for name in ("cacertfile", "certfile", "keyfile"))
    scheme = "https" if ca else "http"
    addresses = store[len(_SCHEME) :].partition("/")[0].split(",")
    return Access(tuple(f"{scheme}://{address}" for address in addresses), ca, certificate, key, _TIMEOUT)


@contextmanager
def taken(store: V2Store, holder: str) -> Iterator[Callable[[], None]]:
    """It is this host's turn; what the block is given keeps it. Both raise LabError where it is another's."""

    def refusal() -> LabError:
        found = store.get(_KEY)
        other = (found.value or b"").decode() if found else "another host"
        return LabError(f"{other} starts its containers, and this host follows")

    def go_on() -> None:
        try:
            store.renew(_KEY, holder.encode(), _SECONDS)
        except Conflict:
            raise refusal() from None

    try:
        store.claim(_KEY, holder.encode(), _SECONDS)
    except Conflict:
        # Its own is of a moment ago, when it lost power.
        go_on()
    try:
        yield go_on
    finally:
        # What cannot be given back goes by itself.
        with suppress(LabError, Conflict):
            store.delete(_KEY, False, Condition(value=holder.encode()))


@contextmanager
def of_this_host(settings: Mapping[str, Any]) -> Iterator[Callable[[], None]]:
    """A dockerd without a store waits for nobody."""
    where = access(settings)
    if where is None:
        yield lambda: None
    else:
        with taken(V2Store(Client(where)), platform.node()) as go_on:
            yield go_on
