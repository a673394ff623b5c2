# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import turn
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import Access
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.store import Condition, Conflict, Entry

FILES = {"kv.cacertfile": "/ca", "kv.certfile": "/crt", "kv.keyfile": "/key"}


@pytest.mark.parametrize(
    ("settings", "access"),
    [
        ({}, None),
        ({"cluster-store": "consul://10.0.0.1:8500"}, None),
        ({"cluster-store": "etcd://10.0.0.116:2379"}, Access(("http://10.0.0.116:2379",))),
        (
            {"cluster-store": "etcd://10.0.0.116:2379,10.0.0.117:2379/path", "cluster-store-opts": FILES},
            Access(("https://10.0.0.116:2379", "https://10.0.0.117:2379"), "/ca", "/crt", "/key"),
        ),
    ],
)
def test_the_store_is_reached_as_dockerd_reaches_it(settings: dict[str, Any], access: Access | None) -> None:
    assert turn.access(settings) == access


class FakeStore:
    def __init__(self, holder: str = "") -> None:
        self.holder = holder
        self.renewed = 0

    def claim(self, key: str, value: bytes, seconds: int) -> None:
        assert seconds > 0
        if self.holder:
            raise Conflict(key)
        self.holder = value.decode()

    def renew(self, key: str, value: bytes, seconds: int) -> None:
        assert seconds > 0
        self.renewed += 1
        if self.holder != value.decode():
            raise Conflict(key)

    def get(self, key: str) -> Entry | None:
        return Entry(key.encode(), self.holder.encode()) if self.holder else None

    def delete(self, key: str, prefix: bool, condition: Condition) -> None:
        if condition.value != self.holder.encode():
            raise Conflict(key)
        self.holder = ""


def test_a_turn_is_taken_and_given_back_whatever_happens() -> None:
    store = FakeStore()
    with turn.taken(store, "emon"):
        assert store.holder == "emon"
    assert store.holder == ""
    with pytest.raises(LabError, match="no"), turn.taken(store, "emon"):
        raise LabError("no")
    assert store.holder == ""


def test_another_host_goes_first() -> None:
    store = FakeStore("emon2")
    with pytest.raises(LabError, match="emon2 starts its containers, and this host follows"), turn.taken(store, "emon"):
        pytest.fail("it was not its turn")
    assert store.holder == "emon2"


def test_the_turn_of_before_the_power_cut_goes_on() -> None:
    store = FakeStore("emon")
    with turn.taken(store, "emon"):
        pass
    assert store.holder == ""


def test_a_turn_is_kept_for_as_long_as_it_takes() -> None:
    store = FakeStore()
    with turn.taken(store, "emon") as go_on:
        go_on()
        go_on()
    assert store.renewed == 2


def test_a_turn_that_went_by_itself_is_not_gone_on_with() -> None:
    store = FakeStore()
    with turn.taken(store, "emon") as go_on:
        store.holder = "emon2"
        with pytest.raises(LabError, match="emon2 starts its containers, and this host follows"):
            go_on()
        store.holder = ""
        with pytest.raises(LabError, match="another host starts"):
            go_on()
    assert store.holder == ""


def test_without_a_store_there_is_nothing_to_keep() -> None:
    with turn.of_this_host({}) as go_on:
        go_on()
