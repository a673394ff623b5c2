# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys as desired state, over a store in memory; and what the two real stores send to etcd."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import key as etcd_key
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.client import EndpointFault, Refused
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd.store import (
    Condition,
    Conflict,
    Entry,
    V2Store,
    V3Store,
)

DEFAULTS: dict[str, Any] = {
    "key": None,
    "value": None,
    "value_base64": None,
    "entries": None,
    "prefix": False,
    "api": "v3",
    "state": None,
    "create_only": False,
    "previous_value": None,
    "previous_revision": None,
}


class Memory:
    """A store in memory that counts its writes."""

    def __init__(self, **values: bytes) -> None:
        self.entries = {key: Entry(key.encode(), value, 1, 1) for key, value in values.items()}
        self.writes = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def get(self, key: str) -> Entry | None:
        return self.entries.get(key)

    def list(self, key: str, prefix: bool) -> list[Entry]:
        return [
            entry for name, entry in sorted(self.entries.items()) if name == key or (prefix and name.startswith(key))
        ]

    def put(self, key: str, value: bytes, condition: Condition) -> None:
        self.meanwhile()
        if not condition.holds(self.get(key)):
            raise Conflict(key)
        self.writes += 1
        self.entries[key] = Entry(key.encode(), value, self.writes + 1, 1)

    def delete(self, key: str, prefix: bool, condition: Condition) -> None:
        if not condition.holds(self.get(key)) and not prefix:
            raise Conflict(key)
        self.writes += 1
        for entry in self.list(key, prefix):
            del self.entries[entry.key.decode()]


def parse(**params: Any) -> etcd_key.Request:
    return etcd_key.parse(DEFAULTS | params)


def run(store: Memory, **params: Any) -> etcd_key.Plan:
    result = etcd_key.plan(parse(**params), store)
    etcd_key.apply(result, store)
    return result


def values(result: etcd_key.Plan) -> dict[str, str | None]:
    return {entry.data()["key"]: entry.data()["value"] for entry in result.entries}


def test_put_again_change_get_delete_again() -> None:
    store = Memory()
    assert run(store, key="hello", value="world").differences.diff == {
        "before": "hello: absent\n",
        "after": 'hello: "world"\n',
    }
    assert not run(store, key="hello", value="world").differences.changed
    assert run(store, key="hello", value="").differences.changed
    assert values(run(store, key="hello")) == {"hello": ""}
    assert run(store, key="hello", state="absent").differences.changed
    assert not run(store, key="hello", state="absent").differences.changed
    assert store.writes == 3


def test_planning_writes_nothing_and_predicts() -> None:
    store = Memory()
    plan = etcd_key.plan(parse(key="hello", value="world"), store)
    assert (store.writes, values(plan), plan.entries[0].mod_revision) == (0, {"hello": "world"}, None)


def test_many_in_one_call_write_what_differs() -> None:
    store = Memory(a=b"1", b=b"2")
    entries = [{"key": key, "value": "1", "value_base64": None} for key in ("a", "b", "c")]
    result = run(store, entries=entries)
    assert [one.what for one in result.differences.found] == ["b", "c"]
    assert values(result) == {"a": "1", "b": "1", "c": "1"} and store.writes == 2


def test_a_prefix_is_listed_and_removed() -> None:
    store = Memory(**{"lab/a": b"1", "lab/b": b"2", "other": b"3"})
    assert values(run(store, key="lab/", prefix=True)) == {"lab/a": "1", "lab/b": "2"}
    assert values(run(store, key="lab/", prefix=True, state="absent")) == {"lab/a": "1", "lab/b": "2"}
    assert list(store.entries) == ["other"] and store.writes == 1


def test_bytes_come_as_base64_and_are_shown_by_checksum() -> None:
    result = run(Memory(), key="blob", value_base64=base64.b64encode(b"\xff\x00").decode())
    data = result.entries[0].data()
    assert (data["value"], data["value_base64"]) == (None, "/wA=")
    assert result.differences.found[0].after.startswith("2 bytes, sha256 ")


def test_a_long_value_is_shown_by_checksum() -> None:
    assert "1001 bytes" in run(Memory(), key="long", value="x" * 1001).differences.diff["after"]


@pytest.mark.parametrize(
    ("stands", "condition", "refused"),
    [
        (None, {"create_only": True}, ""),
        (b"mine", {"create_only": True}, 'holds "mine" (revision 1), it was to be created'),
        (b"mine", {"previous_value": "mine"}, ""),
        (b"mine", {"previous_value": "other"}, 'holds "mine" (revision 1), "other" was expected'),
        (None, {"previous_value": "other"}, 'is absent, "other" was expected'),
        (b"mine", {"previous_revision": 1}, ""),
        (b"mine", {"previous_revision": 7}, 'holds "mine" (revision 1), revision 7 was expected'),
        (b"new", {"previous_value": "other"}, ""),
    ],
)
def test_compare_and_set(stands: bytes | None, condition: dict[str, Any], refused: str) -> None:
    store = Memory(**({"lock": stands} if stands else {}))
    if refused:
        with pytest.raises(LabError) as fault:
            run(store, key="lock", value="new", **condition)
        assert refused in str(fault.value) and "nothing was changed" in str(fault.value)
        assert store.writes == 0
    else:
        assert values(run(store, key="lock", value="new", **condition)) == {"lock": "new"}


def test_somebody_else_was_faster() -> None:
    store = Memory()
    store.meanwhile = lambda: store.entries.update(lock=Entry(b"lock", b"theirs", 9, 9))
    with pytest.raises(LabError, match='holds "theirs"'):
        run(store, key="lock", value="mine", create_only=True)


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({"key": "a", "state": "present"}, "key 'a': state present needs value or value_base64"),
        ({"key": "a", "value": "1", "value_base64": "MQ=="}, "key 'a': give value or value_base64, not both"),
        ({"key": "a", "value": "1", "state": "absent"}, "key 'a': a value has no meaning with state absent"),
        ({"key": "", "state": "absent", "prefix": True}, "key '': names every key; only state query may"),
        ({"key": "/", "state": "absent", "prefix": True, "api": "v2"}, "key '/': names every key"),
        ({"key": "a", "value_base64": "%"}, "key 'a': value_base64 is not base64"),
        ({"key": "a", "value_base64": "/wA=", "api": "v2"}, "key 'a': the v2 API keeps text only"),
        ({"key": "a", "value": "1", "prefix": True}, "prefix: has no meaning with state present"),
        ({"key": "a", "create_only": True}, "nothing is written with state query"),
        ({"key": "a", "state": "absent", "create_only": True}, "create_only: has no meaning with state absent"),
        ({"key": "a", "state": "absent", "prefix": True, "previous_value": "1"}, "exclude prefix: true"),
    ],
)
def test_faults(params: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError) as raised:
        parse(**params)
    assert any(fault in line for line in raised.value.faults)


def test_a_directory_holds_no_value() -> None:
    store = Memory()
    store.entries["/docker"] = Entry(b"/docker", None, 1, 1)
    for params in ({"value": "1"}, {"state": "absent"}):
        with pytest.raises(LabError, match="key /docker is a directory"):
            run(store, key="docker", api="v2", **params)


class Endpoint:
    """Records what is sent, and answers with what it was given."""

    url = "http://emon:2379"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []
        self.repeatable: list[bool] = []

    def v3(self, path: str, body: dict[str, Any], repeatable: bool = True) -> dict[str, Any]:
        self.sent.append((path, body))
        self.repeatable.append(repeatable)
        return self.answers.pop(0)

    def request(self, method: str, path: str, body: bytes | None = None, _kind: str = "") -> tuple[int, bytes]:
        self.sent.append((method, path, body))
        status, answer = self.answers.pop(0)
        return status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def in_turn(self, ask: Callable[[Any], Any], repeatable: bool = True) -> Any:
        self.repeatable.append(repeatable)
        return ask(self)


@pytest.mark.parametrize(
    ("key", "prefix", "sent"),
    [
        ("a", False, {"key": b"a"}),
        ("a", True, {"key": b"a", "range_end": b"b"}),
        ("", True, {"key": b"\0", "range_end": b"\0"}),
        ("é", True, {"key": b"\xc3\xa9", "range_end": b"\xc3\xaa"}),
    ],
)
def test_v3_ranges(key: str, prefix: bool, sent: dict[str, bytes]) -> None:
    etcd = Endpoint({"header": {}})
    assert V3Store(etcd).list(key, prefix) == []  # type: ignore[arg-type]
    path, body = etcd.sent[0]
    assert path == "/v3/kv/range"
    assert {name: base64.b64decode(value) for name, value in body.items()} == sent


@pytest.mark.parametrize(
    ("condition", "compare"),
    [
        (Condition(create_only=True), {"target": "VERSION", "version": 0}),
        (Condition(value=b"old"), {"target": "VALUE", "value": "b2xk"}),
        (Condition(revision=7), {"target": "MOD", "mod_revision": 7}),
    ],
)
def test_v3_conditions_are_transactions_and_sent_once(condition: Condition, compare: dict[str, Any]) -> None:
    etcd = Endpoint({"succeeded": True}, {})
    store = V3Store(etcd)  # type: ignore[arg-type]
    store.put("a", b"new", condition)
    with pytest.raises(Conflict):
        store.delete("a", False, condition)
    for path, body in etcd.sent:
        assert path == "/v3/kv/txn"
        assert body["compare"] == [{"key": "YQ==", "result": "EQUAL"} | compare]
    assert etcd.repeatable == [False, False]


TREE = {
    "node": {
        "key": "/docker",
        "dir": True,
        "nodes": [
            {"key": "/docker/network", "dir": True, "nodes": [{"key": "/docker/network/a", "value": "é"}]},
            {"key": "/docker/nodes", "value": "", "ttl": 60, "modifiedIndex": 4, "createdIndex": 3},
        ],
    }
}


def test_v2_lists_a_tree_flat_and_a_directory_by_one_level() -> None:
    store = V2Store(Endpoint((200, TREE), (200, TREE)))  # type: ignore[arg-type]
    assert [entry.data()["key"] for entry in store.list("/docker", True)] == [
        "/docker",
        "/docker/network",
        "/docker/network/a",
        "/docker/nodes",
    ]
    network, nodes = (entry.data() for entry in store.list("/docker", False))
    assert network["dir"] and network["value"] is None
    assert (nodes["value"], nodes["ttl"], nodes["mod_revision"], nodes["create_revision"]) == ("", 60, 4, 3)


@pytest.mark.parametrize(
    ("condition", "query", "repeatable"),
    [
        (Condition(), "", True),
        (Condition(create_only=True), "prevExist=false", False),
        (Condition(value="é".encode()), "prevValue=%C3%A9", False),
        (Condition(revision=7), "prevIndex=7", False),
    ],
)
def test_v2_writes(condition: Condition, query: str, repeatable: bool) -> None:
    etcd = Endpoint((201, {"node": {}}))
    V2Store(etcd).put("/a b/ü?", b"x&y", condition)  # type: ignore[arg-type]
    assert etcd.sent == [("PUT", f"/v2/keys/a%20b/%C3%BC%3F?{query}", b"value=x%26y")]
    assert etcd.repeatable == [repeatable]


def test_v2_compares_an_empty_value_by_its_revision() -> None:
    etcd = Endpoint((200, {"node": {"key": "/a", "value": "", "modifiedIndex": 7}}), (200, {"node": {}}))
    V2Store(etcd).put("/a", b"x", Condition(value=b""))  # type: ignore[arg-type]
    assert etcd.sent[1] == ("PUT", "/v2/keys/a?prevIndex=7", b"value=x")
    with pytest.raises(Conflict):
        V2Store(Endpoint((404, {"errorCode": 100}))).put("/a", b"x", Condition(value=b""))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (404, b"404 page not found", LabError, "start its etcd with ETCD_ENABLE_V2=true"),
        (412, {"errorCode": 105, "message": "Key already exists", "cause": "/a"}, Conflict, "/a"),
        (412, {"errorCode": 101, "message": "Compare failed", "cause": "[a != b]"}, Conflict, "a != b"),
        (400, {"errorCode": 104, "message": "Not a directory", "cause": "/a"}, Refused, "Not a directory: /a"),
        (500, {"errorCode": 300, "message": "Raft Internal Error", "cause": "timed out"}, EndpointFault, "timed out"),
        (503, b"busy", EndpointFault, "it answers 503: busy"),
        (401, {"message": "Insufficient credentials"}, EndpointFault, "Insufficient credentials"),
        (200, b"<html>", EndpointFault, "it answers 200: <html>"),
        (200, {}, EndpointFault, "it answers 200"),
    ],
)
def test_v2_errors(status: int, body: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        V2Store(Endpoint((status, body))).put("/a", b"", Condition())  # type: ignore[arg-type]


def test_v2_renews_what_is_its_own() -> None:
    etcd = Endpoint((200, {"node": {}}), (404, {"errorCode": 100}), (412, {"errorCode": 101}))
    V2Store(etcd).renew("/a", b"emon", 60)  # type: ignore[arg-type]
    assert etcd.sent == [("PUT", "/v2/keys/a?prevValue=emon", b"value=emon&ttl=60")]
    for _gone_or_anothers in range(2):
        with pytest.raises(Conflict):
            V2Store(etcd).renew("/a", b"emon", 60)  # type: ignore[arg-type]


def test_v2_absent() -> None:
    absent = (404, {"errorCode": 100, "message": "Key not found"})
    store = V2Store(Endpoint(absent, absent))  # type: ignore[arg-type]
    assert store.get("/a") is None and store.list("/a", True) == []
