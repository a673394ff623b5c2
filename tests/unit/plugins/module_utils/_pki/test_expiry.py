# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When certificates end, read without cryptography, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import directory as pki_directory
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import expiry as pki_expiry
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import spec as pki_spec
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import x509 as pki_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = 86400.0
PKI = "/home/e/pki"


def certificate(end: datetime) -> bytes:
    key, name = pki_x509.new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x" * 60)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(datetime(1990, 1, 1))
    return pki_x509.certificate_pem(builder.not_valid_after(end).sign(key, hashes.SHA256()))


@pytest.mark.parametrize(
    "end",
    [
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        # RFC 5280 writes the years from 2050 with four digits.
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2050, 1, 1, tzinfo=UTC),
        datetime(2126, 6, 1, 12, tzinfo=UTC),
    ],
)
def test_the_end_is_that_of_cryptography(tmp_path: Path, end: datetime) -> None:
    file = tmp_path / "server.crt"
    file.write_bytes(b"of emon\n" + certificate(end) + certificate(end + timedelta(days=1)))
    (one,) = pki_expiry.read(tmp_path)
    first = x509.load_pem_x509_certificate(file.read_bytes().partition(b"\n")[2])
    assert one == {
        "path": str(file),
        "not_after": end.timestamp(),
        "sha256": first.fingerprint(hashes.SHA256()).hex(),
    }


def test_all_that_the_module_makes_is_read(tmp_path: Path) -> None:
    wanted: list[dict[str, Any]] = [
        {"name": "emon", "kind": "server", "dns": ["emon"], "days": 90},
        {"name": "emon-peer", "kind": "peer", "dns": ["emon"], "days": 30},
    ]
    pki_directory.converge(pki_spec.parse(str(tmp_path / "pki"), "emon", wanted), NOW, check=False)
    found = {Path(one["path"]).name: one["not_after"] for one in pki_expiry.read(tmp_path / "pki")}
    days = {"ca.crt": 3650, "peer-ca.crt": 3650, "emon.crt": 90, "emon-peer.crt": 30}
    assert found == {name: (NOW + timedelta(days=one)).timestamp() for name, one in days.items()}


@pytest.mark.parametrize("size", [0, 1, 30, 100, 200])
def test_what_is_no_certificate(tmp_path: Path, size: int) -> None:
    whole = certificate(NOW).decode().splitlines()
    (tmp_path / "torn.crt").write_text("\n".join([whole[0], "".join(whole[1:-1])[:size], whole[-1]]))
    (tmp_path / "text.crt").write_text("torn \xe4")
    (tmp_path / "directory.crt").mkdir()
    assert [one["not_after"] for one in pki_expiry.read(tmp_path, tmp_path / "none")] == [0.0, 0.0]


def on(days: float, path: str = "/etc/overlay-lab/etcd/server.crt", sha256: str = "") -> dict[str, Any]:
    return {"path": path, "not_after": NOW.timestamp() + days * DAY, "sha256": sha256 or f"of {days} days"}


def ending(hosts: dict[str, list[dict[str, Any]]], *controller: dict[str, Any]) -> list[str]:
    infos = {name: {"certificates": certificates} for name, certificates in hosts.items()}
    lab = {"pki": PKI, "hosts": {"emon": {}, "emon2": {}}}
    return pki_expiry.ending(infos, lab, list(controller), NOW.timestamp())


@pytest.mark.parametrize(
    ("days", "line"),
    [
        (31, None),
        (30, None),
        (29.5, "emon: /etc/overlay-lab/etcd/server.crt expires on 2026-12-21, in 29 days: run playbooks/overlay.yml"),
        (0.5, "emon: /etc/overlay-lab/etcd/server.crt expires on 2026-11-22, in 0 days: run playbooks/overlay.yml"),
        (-0.5, "emon: /etc/overlay-lab/etcd/server.crt expired on 2026-11-21: run playbooks/overlay.yml"),
    ],
)
def test_what_a_host_has(days: float, line: str | None) -> None:
    found = ending({"emon": [on(days)], "emon2": [on(200)]}, on(3000, f"{PKI}/ca.crt"))
    assert [one.removesuffix(", which renews it") for one in found] == [one for one in [line] if one]


def test_one_that_is_damaged() -> None:
    damaged = {"path": "/etc/overlay-lab/docker/client.crt", "not_after": 0.0, "sha256": ""}
    assert ending({"emon2": [damaged]}) == [
        "emon2: /etc/overlay-lab/docker/client.crt is not a certificate: run playbooks/overlay.yml, which renews it"
    ]


def test_a_ca_is_one_line_and_what_ends_with_it_has_none() -> None:
    etcd, docker = "/etc/overlay-lab/etcd", "/etc/overlay-lab/docker"
    host = [
        on(20, f"{etcd}/ca.crt"),
        on(20, f"{docker}/ca.crt"),
        on(20, f"{etcd}/server.crt"),
        on(9, f"{etcd}/peer.crt"),
    ]
    lines = ending({"emon": host, "emon2": host}, on(20, f"{PKI}/ca.crt"), on(20, f"{PKI}/emon.crt"))
    assert lines[0].startswith(
        "emon, emon2, the controller: ca.crt, the CA with all that it issued, expires on 2026-12-12, in 20 days:"
        f" in {PKI}, remove ca.crt and ca.key and run again with -e new_ca=true"
    )
    assert [line.partition(" expires")[0] for line in lines[1:]] == [
        f"{one}: {etcd}/peer.crt" for one in ("emon", "emon2")
    ]


def test_what_the_controller_alone_has() -> None:
    lines = ending({"emon": [on(9)]}, on(9, f"{PKI}/emon.crt"), on(8, f"{PKI}/emon2-peer.crt"), on(7, f"{PKI}/ann.crt"))
    assert lines[1:] == [
        f"the controller: {PKI}/emon2-peer.crt expires on 2026-11-30, in 8 days: run playbooks/overlay.yml, which"
        " renews it",
        f"the controller: {PKI}/ann.crt expires on 2026-11-29, in 7 days: no host of the lab file has it, so no run"
        " renews it",
    ]


def test_what_is_left_of_a_host_out_of_the_file() -> None:
    (line,) = pki_expiry.left({"emon3-docker": "2027-11-22T10:00:00Z"}, PKI)
    assert line.startswith(
        f"emon3-docker.crt in {PKI} is of no host of the lab file, and is accepted until 2027-11-22: if its host is"
        " gone for good, remove it and emon3-docker.key; if somebody else may have a copy, remove ca.crt, ca.key,"
        " peer-ca.crt, peer-ca.key there and run playbooks/overlay.yml with -e new_ca=true"
    )


def test_what_keeps_the_cas_of_a_removed_lab() -> None:
    line = pki_expiry.kept({"b1": "2027-11-22T10:00:00Z", "b1-docker": "2027-11-23T10:00:00Z"}, PKI)
    assert line == (
        f"{PKI} stays: its CAs issued certificates to hosts that were not cleared: b1 (until 2027-11-22), b1-docker"
        " (until 2027-11-23): run destroy.yml with a lab file that has these hosts; if they are gone for good, run it"
        " again with -e destroy_ca=true"
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (True, " and from emon3: emon3, emon3-peer; a copy is accepted until 2027-11-22; to end that at once"),
        (
            False,
            ", not from emon3, which does not answer: emon3, emon3-peer; whoever has that host has access until"
            " 2027-11-22; to end that at once",
        ),
    ],
)
def test_what_a_removal_has_done(answers: bool, words: str) -> None:
    ends = {"emon3": {"not_after": "2027-02-20T10:00:00Z"}, "emon3-peer": {"not_after": "2027-11-22T10:00:00Z"}}
    line = pki_expiry.forgotten(ends, {"pki": PKI, "host": "emon3", "answers": answers})
    assert line.startswith(f"certificates of emon3 are gone from {PKI}{words}")
    assert f"remove ca.crt, ca.key, peer-ca.crt, peer-ca.key in {PKI} and run playbooks/overlay.yml" in line


def test_two_of_one_end_are_two() -> None:
    """One run makes many in one second."""
    dockerd = on(9, f"{PKI}/emon-docker.crt", sha256="another")
    lines = ending({"emon": [on(9)]}, on(9, f"{PKI}/emon.crt"), dockerd)
    assert [line.partition(" expires")[0] for line in lines] == [
        "emon: /etc/overlay-lab/etcd/server.crt",
        f"the controller: {PKI}/emon-docker.crt",
    ]
