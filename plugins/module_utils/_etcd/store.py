# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""etcd's two stores of keys behind one interface: v3 (flat, bytes) and v2 (a tree, text). They share no data."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .client import Client, Endpoint, EndpointFault, Refused, decode, encode

# The v2 API's error codes.
_V2_ABSENT, _V2_COMPARE_FAILED, _V2_EXISTS = 100, 101, 105
_V2_NOT_NOW = range(300, 400)


class Conflict(Exception):
    """The condition of a write did not hold, so nothing was written."""


@dataclass(frozen=True)
class Entry:
    """A key as it stands. A v2 directory has no value. Revisions are None for what is only planned."""

    key: bytes
    value: bytes | None
    mod_revision: int | None = None
    create_revision: int | None = None
    ttl: int | None = None

    def data(self) -> dict[str, Any]:
        """As etcd_key returns it: bytes that are no text come as base64, and the other form is None."""
        key, key_base64 = _text_or_base64(self.key)
        value, value_base64 = _text_or_base64(self.value)
        return {
            "key": key,
            "key_base64": key_base64,
            "value": value,
            "value_base64": value_base64,
            "dir": self.value is None,
            "mod_revision": self.mod_revision,
            "create_revision": self.create_revision,
            "ttl": self.ttl,
        }


@dataclass(frozen=True)
class Condition:
    """What must hold, at the moment of a write, for it to happen. One of the three, or none."""

    create_only: bool = False
    value: bytes | None = None
    revision: int | None = None

    def __bool__(self) -> bool:
        return self.create_only or self.value is not None or self.revision is not None

    def holds(self, current: Entry | None) -> bool:
        if self.create_only:
            return current is None
        if self.value is not None:
            return current is not None and current.value == self.value
        return self.revision is None or (current is not None and current.mod_revision == self.revision)


class Store(Protocol):
    """``prefix``: all keys that begin so (v3), or everything below a directory and itself (v2)."""

    def get(self, key: str) -> Entry | None: ...

    def list(self, key: str, prefix: bool) -> list[Entry]: ...

    def put(self, key: str, value: bytes, condition: Condition) -> None: ...

    def delete(self, key: str, prefix: bool, condition: Condition) -> None: ...


class V3Store:
    """Every read goes through quorum."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, key: str) -> Entry | None:
        return next(iter(self.list(key, False)), None)

    def list(self, key: str, prefix: bool) -> list[Entry]:
        answer = self._client.v3("/v3/kv/range", self._range(key, prefix))
        return [
            Entry(
                key=decode(one["key"]),
                value=decode(one.get("value")),
                mod_revision=int(one["mod_revision"]),
                create_revision=int(one["create_revision"]),
            )
            for one in answer.get("kvs", ())
        ]

    def put(self, key: str, value: bytes, condition: Condition) -> None:
        put = {"key": encode(key.encode()), "value": encode(value)}
        if condition:
            self._if(key, condition, {"request_put": put})
        else:
            self._client.v3("/v3/kv/put", put)

    def delete(self, key: str, prefix: bool, condition: Condition) -> None:
        delete = self._range(key, prefix)
        if condition:
            self._if(key, condition, {"request_delete_range": delete})
        else:
            self._client.v3("/v3/kv/deleterange", delete)

    def _if(self, key: str, condition: Condition, operation: dict[str, Any]) -> None:
        compare: dict[str, Any] = {"key": encode(key.encode()), "result": "EQUAL"}
        if condition.create_only:
            compare |= {"target": "VERSION", "version": 0}
        elif condition.value is not None:
            compare |= {"target": "VALUE", "value": encode(condition.value)}
        else:
            compare |= {"target": "MOD", "mod_revision": condition.revision}
        # Done twice, the second would find its own first write and report a conflict.
        answer = self._client.v3("/v3/kv/txn", {"compare": [compare], "success": [operation]}, repeatable=False)
        if not answer.get("succeeded"):
            raise Conflict(key)

    @staticmethod
    def _range(key: str, prefix: bool) -> dict[str, str]:
        if not prefix:
            return {"key": encode(key.encode())}
        start = key.encode() or b"\0"
        return {"key": encode(start), "range_end": encode(_after(key.encode()))}


class V2Store:
    """The tree that Docker's cluster store lives in. Text only: etcd itself turns other bytes into question marks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, key: str) -> Entry | None:
        answer = self._request("GET", key, {"quorum": "true"})
        return _v2_entry(answer["node"]) if answer else None

    def list(self, key: str, prefix: bool) -> list[Entry]:
        """A directory without ``prefix`` lists what is directly in it, as `etcdctl ls` does."""
        query = {"quorum": "true", "sorted": "true", **({"recursive": "true"} if prefix else {})}
        answer = self._request("GET", key, query)
        if answer is None:
            return []
        node = answer["node"]
        if not node.get("dir"):
            return [_v2_entry(node)]
        if prefix:
            return _flat(node)
        return [_v2_entry(child) for child in node.get("nodes", ())]

    def put(self, key: str, value: bytes, condition: Condition) -> None:
        self._request("PUT", key, self._condition(key, condition), urlencode({"value": value.decode()}).encode())

    def claim(self, key: str, value: bytes, seconds: int) -> None:
        """Write a key that goes by itself after so many seconds; Conflict where it is there."""
        body = urlencode({"value": value.decode(), "ttl": seconds}).encode()
        self._request("PUT", key, {"prevExist": "false"}, body)

    def renew(self, key: str, value: bytes, seconds: int) -> None:
        """Give a claimed key its seconds again; Conflict where it has gone, or has another value."""
        body = urlencode({"value": value.decode(), "ttl": seconds}).encode()
        if self._request("PUT", key, {"prevValue": value.decode()}, body) is None:
            raise Conflict(key)

    def delete(self, key: str, prefix: bool, condition: Condition) -> None:
        query = self._condition(key, condition)
        self._request("DELETE", key, query | ({"recursive": "true", "dir": "true"} if prefix else {}))

    def _condition(self, key: str, condition: Condition) -> dict[str, str]:
        if condition.create_only:
            return {"prevExist": "false"}
        if condition.value:
            return {"prevValue": condition.value.decode()}
        revision = condition.revision
        if condition.value == b"":
            # etcd takes no empty prevValue; the revision that has this value says the same.
            current = self.get(key)
            if not condition.holds(current):
                raise Conflict(key)
            revision = current.mod_revision if current else None
        return {} if revision is None else {"prevIndex": str(revision)}

    def _request(self, method: str, key: str, query: dict[str, str], body: bytes | None = None) -> dict | None:
        path = f"/v2/keys/{quote(key.strip('/'))}?{urlencode(query)}"
        conditional = any(name.startswith("prev") for name in query)
        return self._client.in_turn(lambda endpoint: _v2_call(endpoint, method, path, body), not conditional)


def _v2_call(endpoint: Endpoint, method: str, path: str, body: bytes | None) -> dict | None:
    """The answer, or None for a key that is absent."""
    status, text = endpoint.request(method, path, body, "application/x-www-form-urlencoded")
    try:
        answer = json.loads(text)
    except ValueError:
        if status == http.client.NOT_FOUND:
            raise LabError(
                f"{endpoint.url} does not serve the v2 API: start its etcd with ETCD_ENABLE_V2=true "
                "(up to 3.5; etcd 3.6 has no v2 API)"
            ) from None
        raise EndpointFault(endpoint.url, f"it answers {status}: {text[:200].decode(errors='replace')}", True) from None
    code = answer.get("errorCode")
    if "node" in answer:
        return answer
    if code == _V2_ABSENT:
        return None
    if code in (_V2_COMPARE_FAILED, _V2_EXISTS):
        raise Conflict(answer.get("cause"))
    message = ": ".join(str(answer[name]) for name in ("message", "cause") if answer.get(name))
    if code is None or code in _V2_NOT_NOW:
        raise EndpointFault(endpoint.url, message or f"it answers {status}", done=True)
    raise Refused(endpoint.url, message, code)


def _v2_entry(node: dict[str, Any]) -> Entry:
    return Entry(
        key=node.get("key", "/").encode(),
        value=None if node.get("dir") else node["value"].encode(),
        mod_revision=node.get("modifiedIndex"),
        create_revision=node.get("createdIndex"),
        ttl=node.get("ttl"),
    )


def _flat(node: dict[str, Any]) -> list[Entry]:
    """A tree as a list, parents before what is in them. The root of the store is no key."""
    own = [_v2_entry(node)] if node.get("key") else []
    return own + [entry for child in node.get("nodes", ()) for entry in _flat(child)]


def _after(prefix: bytes) -> bytes:
    """The first key after all that begin so: the last byte that is not 0xff plus one. etcd reads a zero as 'no end'."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else b"\0"


def _text_or_base64(value: bytes | None) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, encode(value)
