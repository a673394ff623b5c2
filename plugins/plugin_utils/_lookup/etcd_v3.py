# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Keys of etcd's v3 API by gRPC, read on the controller with the library etcd3.

Modules do not use it: hosts would need grpc and protobuf of versions that fit each other.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import libraries
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

with libraries.declare("etcd3"), warnings.catch_warnings():
    # etcd3 0.12 has code generated for protobuf 3, which later ones run only in pure Python, and warn of.
    warnings.simplefilter("ignore", DeprecationWarning)
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    import etcd3
    import grpc

_OPTIONS = {
    # A proxy of the environment is for the world outside, not for a lab's members.
    "grpc.enable_http_proxy": 0,
    # etcd's own limit of a value is 1.5 MiB, and a prefix has many.
    "grpc.max_receive_message_length": 64 * 2**20,
}


@dataclass(frozen=True)
class Cluster:
    """How its members are reached. ``endpoints``: URLs, tried in turn; ``timeout``: seconds, for each."""

    endpoints: list[str]
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    timeout: float = 5.0


def read(cluster: Cluster, keys: list[str], prefix: bool = False) -> list[Any]:
    """The text of each key; with ``prefix``, {key: text} of all that begin with it. Raises LabError."""
    failures = []
    for endpoint, address in _checked(cluster).items():
        with _client(cluster, endpoint, address) as client:
            try:
                return [_below(client, key) if prefix else _value(client, key) for key in keys]
            except (etcd3.exceptions.Etcd3Exception, grpc.RpcError) as error:
                failures.append(f"{endpoint}: {_why(error)}")
    raise LabError(f"etcd does not answer: {'; '.join(failures)}")


def _checked(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """endpoint -> (host, port). Everything that is wrong with what was given is one error."""
    faults = libraries.missing("etcd3")
    if not cluster.endpoints:
        faults.append("endpoints: is empty: give the members' URLs, such as http://10.0.0.116:2379")
    addresses = {}
    for endpoint in cluster.endpoints:
        address = _address(endpoint)
        if address is not None:
            addresses[endpoint] = address
        else:
            faults.append(f"endpoints: {endpoint} is not a URL such as https://10.0.0.116:2379")
        if endpoint.startswith("https:") and not cluster.ca_cert:
            faults.append(f"ca_cert: is needed for {endpoint}: the CA that signed the members' certificates")
    if bool(cluster.client_cert) != bool(cluster.client_key):
        faults.append("client_cert and client_key: one was given without the other: give both")
    for name in ("ca_cert", "client_cert", "client_key"):
        path = getattr(cluster, name)
        if path:
            try:
                Path(path).read_bytes()
            except OSError as error:
                faults.append(f"{name}: {path}: {reason(error)}")
    if cluster.timeout <= 0:
        faults.append(f"timeout: {cluster.timeout:g} is not a time: give seconds, such as 5")
    if faults:
        raise LabError(dict.fromkeys(faults))
    return addresses


def _address(endpoint: str) -> tuple[str, int] | None:
    """(host, port) of a URL; None where it is none."""
    with suppress(ValueError):
        url = urlsplit(endpoint)
        if url.scheme in ("http", "https") and url.hostname and url.port and url.path in ("", "/"):
            return url.hostname, url.port
    return None


@contextmanager
def _client(cluster: Cluster, endpoint: str, address: tuple[str, int]) -> Iterator[Any]:
    tls = {"ca_cert": cluster.ca_cert, "cert_cert": cluster.client_cert, "cert_key": cluster.client_key}
    host, port = address
    with closing(
        etcd3.client(
            host=f"[{host}]" if ":" in host else host,
            port=port,
            timeout=cluster.timeout,
            grpc_options=_OPTIONS.items(),
            **(tls if endpoint.startswith("https:") else {}),
        )
    ) as client:
        yield client


def _value(client: Any, key: str) -> str:
    value, _metadata = client.get(key)
    if value is None:
        raise LabError(f"etcd has no key {key}: write it, or read what is there with prefix=true")
    return _text(key, value)


def _below(client: Any, prefix: str) -> dict[str, str]:
    found = client.get_prefix(prefix, sort_order="ascend", sort_target="key")
    return {_text(prefix, meta.key): _text(prefix, value) for value, meta in found}


def _text(key: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise LabError(f"etcd's key {key} holds bytes that are not UTF-8: read it with the module etcd_key") from None


def _why(error: Exception) -> str:
    """gRPC's own words; etcd3's exceptions have fewer, and hide these."""
    inner = error if isinstance(error, grpc.RpcError) else error.__context__
    return f"{inner.code().name.lower()}: {inner.details()}" if isinstance(inner, grpc.RpcError) else str(error)
