# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Access to etcd for the modules: its JSON API (v3) and its v2 API, both HTTP on the client URL.

Why not the library etcd3: it knows neither learners nor v2 keys nor which member answered, it takes no answer above
4 MiB, leaks gRPC's errors, and its import costs 0.1 to 0.4 s in every task. etcd 3.3 and later serve the same calls as
JSON; Python's own http.client speaks that in 0.03 s, and a host needs no extra package. Ansible's open_url would
cost another 0.1 s, open a connection for each request, and go through a proxy where the environment names one.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import parse_version

T = TypeVar("T")

# Kept in step with the documentation fragment `etcd`.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "endpoints": {"type": "list", "elements": "str", "required": True},
    "ca_cert": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path"},
    "timeout": {"type": "float", "default": 5.0},
}
REQUIRED_TOGETHER = [("client_cert", "client_key")]

# Where etcd has its JSON API (etcd, api_grpc_gateway.md): 3.3 calls it a beta, with the same calls in it.
_V3 = "/v3"
_V3_BETA, _V3_BETA_VERSION = "/v3beta", (3, 3)

# gRPC's status code for "try another", as the JSON API tells it.
UNAVAILABLE = 14
# etcd answers thus before it proposes anything to the cluster, so another member may be asked whatever the request.
_NOT_DONE = ("no leader", "not supported for learner", "connection error")


class EndpointFault(Exception):
    """One endpoint gave no usable answer. ``done`` tells whether it may have acted on the request all the same."""

    def __init__(self, url: str, what: str, done: bool = False) -> None:
        self.url, self.what, self.done = url, what, done
        super().__init__(f"{url}: {what}")


class NotYet(LabError):
    """etcd changes no membership now, because it wants to see its members connected for a while first."""


class Refused(Exception):
    """etcd understood the request and said no. The message is etcd's own."""

    def __init__(self, url: str, message: str, code: int) -> None:
        self.url, self.message, self.code = url, message, code
        super().__init__(f"{url}: {message}")


@dataclass(frozen=True)
class Access:
    """Where etcd is and how to be let in. ``timeout`` in seconds, for each request."""

    endpoints: tuple[str, ...]
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    timeout: float = 5.0

    def context(self) -> ssl.SSLContext:
        """Raises LabError for files that are missing or do not fit."""
        for path in filter(None, (self.ca_cert, self.client_cert, self.client_key)):
            try:
                with Path(path).open("rb"):
                    pass
            except OSError as error:
                raise LabError(f"{path} cannot be read on this host: {error.strerror}") from error
        try:
            context = ssl.create_default_context(cafile=self.ca_cert)
        except ssl.SSLError as error:
            raise LabError(f"ca_cert {self.ca_cert} holds no certificate") from error
        if self.client_cert:
            try:
                # A passphrase would be asked for on a terminal that is not there.
                context.load_cert_chain(self.client_cert, self.client_key, password=lambda: b"")
            except ssl.SSLError as error:
                raise LabError(
                    f"client_cert {self.client_cert} and client_key {self.client_key} are not a certificate and its "
                    f"unencrypted key: {error.reason or error}"
                ) from error
        return context


def parse(params: dict[str, Any]) -> Access:
    """The parameters that all etcd modules share; all faults in one LabError."""
    faults = []
    endpoints = []
    for url in params["endpoints"]:
        try:
            parts = urlsplit(url.rstrip("/"))
            fits = parts.scheme in ("http", "https") and parts.hostname and parts.port and parts.path == ""
        except ValueError:
            fits = False
        if fits:
            endpoints.append(url.rstrip("/"))
        else:
            faults.append(f"endpoints: {url!r} is not of the form https://HOST:PORT")
    if not params["endpoints"]:
        faults.append("endpoints: give one at least")
    if params["timeout"] <= 0:
        faults.append(f"timeout: {params['timeout']} must be more than 0")
    if faults:
        raise LabError(faults)
    files = {name: params.get(name) for name in ("ca_cert", "client_cert", "client_key")}
    return Access(tuple(dict.fromkeys(endpoints)), timeout=params["timeout"], **files)


class Endpoint:
    """One client URL, over one connection that is kept. For one thread at a time."""

    def __init__(self, url: str, access: Access, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        self.url = url
        self._access = access
        self._v3 = _V3
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(parts.netloc, timeout=access.timeout, context=context)
        else:
            self._connection = http.client.HTTPConnection(parts.netloc, timeout=access.timeout)

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body, whatever the status. Raises EndpointFault."""
        connected = self._connection.sock is not None
        try:
            if not connected:
                self._connection.connect()
                connected = True
            self._connection.request(method, path, body, {"Content-Type": content_type} if body is not None else {})
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            # Where TLS failed, the request was not even read.
            done = connected and not isinstance(error, ssl.SSLError)
            raise EndpointFault(self.url, self._explain(error, connected), done) from error

    def v3(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call of the v3 API, by its ``path`` in etcd 3.4 and later. Raises EndpointFault, or Refused with etcd's
        own words.
        """
        status, text = self._post_v3(path, body)
        version = ""
        # Only then, so that nobody else pays for one more question.
        if status == http.client.NOT_FOUND and self._v3 == _V3:
            version = self._version()
            if parse_version(version)[:2] == _V3_BETA_VERSION:
                self._v3 = _V3_BETA
                status, text = self._post_v3(path, body)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {}
        if not isinstance(answer, dict):
            answer = {}
        if status == http.client.OK and "header" in answer:
            return answer
        if "code" not in answer:
            its = f" of etcd {version}" if version else ""
            what = f"it answers {status} to {path}{its}: etcd 3.3 or later with enable-grpc-gateway is needed"
            raise EndpointFault(self.url, what)
        message = str(answer.get("message") or answer.get("error"))
        if "unhealthy cluster" in message:
            raise NotYet(f"etcd refused: {self.url}: {message}: a member is down, or joined within the last 5 s")
        if "connection error" in message:
            message = f"its JSON API cannot reach itself, so its certificate must also do as a client's ({message})"
        not_done = any(words in message for words in _NOT_DONE)
        if answer["code"] == UNAVAILABLE or not_done:
            raise EndpointFault(self.url, message, done=not not_done)
        raise Refused(self.url, message, answer["code"])

    def _post_v3(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        here = path.replace(f"{_V3}/", f"{self._v3}/", 1)
        return self.request("POST", here, json.dumps(body).encode())

    def _version(self) -> str:
        """That of the etcd that answers here, '' for what is none."""
        _status, text = self.request("GET", "/version")
        try:
            version = json.loads(text)["etcdserver"]
        except (ValueError, TypeError, KeyError):
            return ""
        return version if isinstance(version, str) else ""

    def _explain(self, error: Exception, connected: bool) -> str:
        """One line for people: what happened and what to look at."""
        host, port = self._connection.host, self._connection.port
        if isinstance(error, ssl.SSLError):
            return self._explain_tls(error, connected)
        if isinstance(error, (TimeoutError, socket.timeout)):
            return f"no answer within {self._access.timeout:g} s: is {host} up, port {port} open, and quorum there?"
        if isinstance(error, ConnectionRefusedError):
            return f"connection refused: does etcd run on {host}? `systemctl status etcd` there shows why"
        if isinstance(error, socket.gaierror):
            return f"the name {host} cannot be resolved: {error.strerror}"
        if isinstance(error, (ConnectionError, http.client.HTTPException)):
            if not self.url.startswith("https"):
                other = "does it require https://"
            # From TLS 1.3 on, the connection may be reset before the alert that says so is read.
            elif self._access.client_cert:
                other = f"does it refuse {self._access.client_cert}"
            else:
                other = "does it require a client certificate, client_cert and client_key"
            return f"it closed the connection without an answer: did it stop, is its link too slow, or {other}?"
        return getattr(error, "strerror", None) or str(error)

    def _explain_tls(self, error: ssl.SSLError, connected: bool) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted ({error.verify_message}): is ca_cert the CA of this cluster?"
        # Up to TLS 1.2 a certificate is refused in the handshake, by an alert; from 1.3 on, after it.
        if not connected and "ALERT" not in str(error.reason):
            return "it does not speak TLS: write http://"
        if not self._access.client_cert:
            return "it requires a client certificate: give client_cert and client_key"
        return f"it refuses {self._access.client_cert}: is it of the CA that this cluster trusts, and still valid?"


class Client:
    """All endpoints of one cluster. Requests go to one after the other until one answers."""

    def __init__(self, access: Access) -> None:
        self.access = access
        # Members may announce https where the endpoints given are plain, so files decide too.
        secure = access.ca_cert or any(url.startswith("https") for url in access.endpoints)
        self._context = access.context() if secure else None
        self._endpoints: dict[str, Endpoint] = {}

    def endpoint(self, url: str) -> Endpoint:
        if url not in self._endpoints:
            self._endpoints[url] = Endpoint(url, self.access, self._context)
        return self._endpoints[url]

    def in_turn(self, ask: Callable[[Endpoint], T], repeatable: bool = True) -> T:
        """What the first endpoint that answers says; LabError with each one's fault if none does.

        ``repeatable``: doing it twice does no harm. If not, a request that may have been done is not sent again.
        """
        faults = []
        for url in self.access.endpoints:
            try:
                return ask(self.endpoint(url))
            except EndpointFault as fault:
                if fault.done and not repeatable:
                    raise LabError(
                        f"{fault}; the request may have been carried out all the same, so it is not repeated: "
                        "check what is there now, then run again"
                    ) from fault
                faults.append(f"{fault}")
            except Refused as refusal:
                raise LabError(f"etcd refused: {refusal}") from refusal
        raise LabError(faults)

    def v3(self, path: str, body: dict[str, Any], repeatable: bool = True) -> dict[str, Any]:
        """One call of the v3 API. See ``in_turn``."""
        return self.in_turn(lambda endpoint: endpoint.v3(path, body), repeatable)


def in_parallel(work: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
    """A host that is off costs a whole timeout; so all are asked at the same time."""
    items = list(items)
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(len(items), 16)) as pool:
        return list(pool.map(work, items))


def hex_id(number: str | int | None) -> str:
    """An id as etcdctl prints it: hexadecimal without leading zeros; JSON tells it as a decimal string."""
    return format(int(number or 0), "x")


def encode(value: bytes) -> str:
    """Bytes as the JSON API wants them."""
    return base64.b64encode(value).decode()


def decode(value: str | None) -> bytes:
    return base64.b64decode(value or "")
