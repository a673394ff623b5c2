# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's PKI directory: what is made, why something is made anew, and what is refused."""

from __future__ import annotations

import ipaddress
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import directory as pki_directory
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import spec as pki_spec
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import x509 as pki_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
EMON: dict[str, Any] = {"name": "emon", "kind": "server", "dns": ["emon"], "ip": ["10.0.0.116", "::1"], "days": 90}
CLIENT: dict[str, Any] = {"name": "client", "kind": "client"}
PEER: dict[str, Any] = {"name": "emon-peer", "kind": "peer", "dns": ["emon"], "common_name": "emon"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pki"


def plan(path: Path, *certificates: dict[str, Any], now: datetime = NOW, lab: str = "emon") -> pki_directory.Plan:
    return pki_directory.plan(pki_spec.parse(str(path), lab, certificates), now)


def make(path: Path, *certificates: dict[str, Any], now: datetime = NOW) -> pki_directory.Plan:
    result = plan(path, *certificates, now=now)
    pki_directory.apply(result)
    return result


def tree(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir()}


def test_everything_is_made_and_a_second_run_changes_nothing(path: Path) -> None:
    first = make(path, EMON, CLIENT)
    before = tree(path)
    second = make(path, EMON, CLIENT)
    assert sorted(before) == ["ca.crt", "ca.key", "client.crt", "client.key", "emon.crt", "emon.key"]
    assert first.differences.changed and all(one["renewed"] for one in first.certificates.values())
    assert not second.differences.changed and not any(one["renewed"] for one in second.certificates.values())
    assert tree(path) == before
    assert first.authorities == second.authorities == {"ca": before["ca.crt"].decode()}


def test_peers_have_an_authority_of_their_own(path: Path) -> None:
    first = make(path, EMON, CLIENT)
    before = tree(path)
    made = make(path, EMON, CLIENT, PEER)
    assert set(tree(path)) == {*before, "peer-ca.crt", "peer-ca.key", "emon-peer.crt", "emon-peer.key"}
    assert before.items() <= tree(path).items() and first.authorities.items() <= made.authorities.items()
    assert not make(path, EMON, CLIENT, PEER).differences.changed
    of_all, of_peers = (pki_x509.load_certificate(made.authorities[stem].encode()) for stem in ("ca", "peer-ca"))
    assert [pki_x509.identity_of(one).common_name for one in (of_all, of_peers)] == [
        "overlay lab emon CA",
        "lab emon peer CA",
    ]
    for name, issuer, other in [
        ("emon", of_all, of_peers),
        ("client", of_all, of_peers),
        ("emon-peer", of_peers, of_all),
    ]:
        certificate = pki_x509.load_certificate((path / f"{name}.crt").read_bytes())
        assert pki_x509.issued_by(certificate, issuer) and not pki_x509.issued_by(certificate, other)
    assert (
        stat.S_IMODE((path / "peer-ca.key").stat().st_mode) == stat.S_IMODE((path / "ca.key").stat().st_mode) == 0o600
    )


def test_a_certificate_changes_its_authority(path: Path) -> None:
    make(path, PEER | {"kind": "server"})
    assert make(path, PEER).certificates["emon-peer"]["reason"] == "another CA issued it"


def test_a_new_authority_of_peers_leaves_the_others(path: Path) -> None:
    make(path, EMON, PEER)
    for file in ("peer-ca.key", "peer-ca.crt"):
        (path / file).unlink()
    assert {name: one["reason"] for name, one in make(path, EMON, PEER).certificates.items()} == {
        "emon": "",
        "emon-peer": "another CA issued it",
    }


def test_faults_of_both_authorities_at_once(path: Path) -> None:
    make(path, EMON, PEER)
    for stem in ("ca", "peer-ca"):
        (path / f"{stem}.key").unlink()
    with pytest.raises(LabError) as fault:
        make(path, EMON, PEER)
    assert [line.split(":")[0] for line in fault.value.faults] == [
        f"{path}/ca.key is missing beside ca.crt",
        f"{path}/peer-ca.key is missing beside peer-ca.crt",
    ]
    assert "remove peer-ca.crt and peer-ca.key and run again with -e new_ca=true" in fault.value.faults[1]


def test_what_was_issued_to_somebody_else_is_told(path: Path) -> None:
    make(path, EMON, CLIENT, PEER)
    assert make(path, EMON).others == {
        "client": "2027-11-22T10:00:00Z",
        "emon-peer": "2027-11-22T10:00:00Z",
    }
    assert make(path, EMON, CLIENT, PEER).others == {}
    assert make(path, EMON, now=NOW + timedelta(days=366)).others == {}
    (path / "notes.crt").write_text("no certificate")
    assert "notes" not in make(path, EMON).others


def test_planning_touches_nothing(path: Path) -> None:
    assert plan(path, EMON).differences.changed
    assert not path.exists()


def test_what_a_certificate_says(path: Path) -> None:
    make(path, EMON)
    authority = pki_x509.load_certificate((path / "ca.crt").read_bytes())
    certificate = pki_x509.load_certificate((path / "emon.crt").read_bytes())
    identity = pki_x509.identity_of(certificate)
    assert identity.subject_alternative_names == ["DNS:emon", "IP:10.0.0.116", "IP:::1"]
    assert identity.usages == {"server", "client"}
    assert pki_x509.issued_by(certificate, authority)
    assert pki_x509.valid_from(certificate) == NOW - timedelta(days=1)
    assert pki_x509.valid_until(certificate) == NOW + timedelta(days=90)
    assert pki_x509.identity_of(authority).common_name == "overlay lab emon CA"


def test_a_client_has_no_names_and_may_not_serve(path: Path) -> None:
    make(path, CLIENT)
    identity = pki_x509.identity_of(pki_x509.load_certificate((path / "client.crt").read_bytes()))
    assert identity.usages == {"client"} and identity.subject_alternative_names == []


def test_modes_from_birth_and_mended(path: Path) -> None:
    make(path, EMON)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in [path, *path.iterdir()]}
    assert modes == {"pki": 0o700, "ca.key": 0o600, "emon.key": 0o600, "ca.crt": 0o644, "emon.crt": 0o644}
    (path / "emon.key").chmod(0o644)
    path.chmod(0o755)
    mended = make(path, EMON)
    assert [one.what for one in mended.differences.found] == ["pki: mode", "emon.key: mode"]
    assert stat.S_IMODE((path / "emon.key").stat().st_mode) == 0o600
    assert not make(path, EMON).differences.changed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dns": ["emon", "localhost"]}, "names changed"),
        ({"ip": ["10.0.0.116"]}, "names changed"),
        ({"common_name": "other"}, "common name changed"),
        ({"kind": "client"}, "usages changed"),
        ({"kind": "peer"}, "another CA issued it"),
        ({"dns": ["emon"], "ip": ["::1", "10.0.0.116"]}, ""),
        ({"ip": ["10.0.0.116", "0:0:0:0:0:0:0:1"]}, ""),
        ({"days": 10}, ""),
    ],
)
def test_issued_anew_when_it_should_say_something_else(path: Path, changes: dict[str, Any], reason: str) -> None:
    make(path, EMON)
    key = (path / "emon.key").read_bytes()
    result = make(path, EMON | changes)
    assert result.certificates["emon"]["reason"] == reason
    assert result.differences.changed == bool(reason)
    assert (path / "emon.key").read_bytes() == key
    assert not make(path, EMON | changes).differences.changed


@pytest.mark.parametrize(
    ("days", "reason"), [(0, ""), (59, ""), (61, "29 days of its validity are left"), (95, "it has expired")]
)
def test_issued_anew_when_a_third_of_its_life_is_left(path: Path, days: int, reason: str) -> None:
    make(path, EMON)
    assert make(path, EMON, now=NOW + timedelta(days=days)).certificates["emon"]["reason"] == reason


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("emon.crt", None, "there is none"),
        ("emon.crt", b"torn", "there is none"),
        ("emon.key", None, "its private key is missing or does not match"),
        ("emon.key", b"torn", "its private key is missing or does not match"),
    ],
)
def test_mended_when_a_file_is_gone_or_torn(path: Path, file: str, content: bytes | None, reason: str) -> None:
    make(path, EMON)
    (path / file).unlink()
    if content is not None:
        (path / file).write_bytes(content)
    assert make(path, EMON).certificates["emon"]["reason"] == reason
    assert not make(path, EMON).differences.changed


def test_a_new_authority_issues_everything_anew(path: Path) -> None:
    make(path, EMON, CLIENT)
    for file in ("ca.key", "ca.crt"):
        (path / file).unlink()
    result = make(path, EMON, CLIENT)
    assert {one["reason"] for one in result.certificates.values()} == {"another CA issued it"}
    assert not make(path, EMON, CLIENT).differences.changed


def test_interrupted_before_the_authoritys_certificate(path: Path) -> None:
    make(path)
    key = (path / "ca.key").read_bytes()
    (path / "ca.crt").unlink()
    make(path, EMON)
    assert (path / "ca.key").read_bytes() == key


def test_interrupted_while_writing(path: Path) -> None:
    make(path)
    (path / f".emon.key.{os.getpid()}").write_bytes(b"half")
    make(path, EMON)
    assert not list(path.glob(".*"))


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("ca.key", None, "is missing beside ca.crt: put it back from your backup"),
        ("ca.key", b"torn", "is not the CA's private key"),
        ("ca.key", pki_x509.key_pem(pki_x509.new_key()), "does not belong to ca.crt"),
        ("ca.crt", b"torn", "is not a certificate: remove it"),
    ],
)
def test_an_authority_that_cannot_be_used_is_a_fault(path: Path, file: str, content: bytes | None, words: str) -> None:
    make(path, EMON)
    (path / file).unlink()
    if content is not None:
        (path / file).write_bytes(content)
    before = tree(path)
    with pytest.raises(LabError) as fault:
        make(path, EMON)
    assert words in str(fault.value) and str(path / file) in str(fault.value) and len(fault.value.faults) == 1
    assert tree(path) == before


def test_an_authority_of_another_lab_or_expired(path: Path) -> None:
    make(path, EMON)
    with pytest.raises(LabError, match="is of 'overlay lab emon CA', not of 'overlay lab other CA'"):
        plan(path, lab="other")
    with pytest.raises(LabError, match="expired on 2036-11-19: remove"):
        plan(path, EMON, now=NOW + timedelta(days=3651))


def test_an_authority_near_its_end_is_announced_and_outlived_by_nothing(path: Path) -> None:
    make(path, EMON)
    late = make(path, EMON, now=NOW + timedelta(days=3600))
    assert late.warnings == []
    assert late.certificates["emon"]["not_after"] == "2036-11-19T10:00:00Z"
    assert not make(path, EMON, now=NOW + timedelta(days=3601)).certificates["emon"]["renewed"]
    assert plan(path, EMON, now=NOW + timedelta(days=3620)).warnings == []
    (line,) = plan(path, EMON, now=NOW + timedelta(days=3620, seconds=1)).warnings
    assert f"{path}/ca.crt expires on 2036-11-19 and is not renewed by itself: before, remove ca.crt and ca.key" in line


def test_the_peers_authority_near_its_end_is_announced(path: Path) -> None:
    make(path, EMON)
    make(path, EMON, PEER, now=NOW + timedelta(days=9))
    (line,) = plan(path, EMON, PEER, now=NOW + timedelta(days=3630)).warnings[1:]
    assert f"{path}/peer-ca.crt expires on 2036-11-28" in line and "remove peer-ca.crt and peer-ca.key" in line
    assert "dockerd" not in line


def test_no_key_in_what_is_shown(path: Path) -> None:
    result = plan(path, EMON, CLIENT)
    shown = f"{result} {result.differences.diff} {result.certificates} {result.authorities}"
    assert "PRIVATE KEY" not in shown


def test_absent_removes_what_was_made_and_nothing_else(path: Path) -> None:
    make(path, EMON, CLIENT, PEER)
    pki = pki_spec.parse(str(path), "emon")
    (path / "notes").write_text("mine")
    result = pki_directory.plan_absent(pki)
    assert len(tree(path)) == 11
    assert {one.stem for one in result.removals[-4:]} == {"ca", "peer-ca"}
    pki_directory.apply(result)
    assert sorted(tree(path)) == ["notes"]
    assert "did not make: notes" in result.warnings[0]
    (path / "notes").unlink()
    pki_directory.apply(pki_directory.plan_absent(pki))
    assert not path.exists()
    assert not pki_directory.plan_absent(pki).differences.changed


def remove(path: Path, lab: str = "emon", **given: Any) -> pki_directory.Plan:
    return pki_directory.converge(pki_spec.parse(str(path), lab, **given), NOW, check=False, absent=True)


def standing(path: Path, *certificates: dict[str, Any], lab: str = "emon", uuid: str | None = "of-emon") -> None:
    pki_directory.converge(pki_spec.parse(str(path), lab, certificates, uuid=uuid), NOW, check=False)


@pytest.mark.parametrize(
    ("of", "asked", "words"),
    [
        pytest.param(
            {"lab": "corp", "uuid": None},
            {},
            r"ca.crt is of 'overlay lab corp CA', not of 'overlay lab emon CA'",
            id="name",
        ),
        pytest.param({}, {"uuid": "of-school"}, "is of the lab of-emon, not of of-school", id="uuid"),
        pytest.param({"lab": "corp", "uuid": None}, {"only": ["emon"]}, "is of 'overlay lab corp CA'", id="some, name"),
        pytest.param({"lab": "corp"}, {"uuid": "of-emon"}, "is of 'overlay lab corp CA'", id="a copied id"),
    ],
)
def test_absent_refuses_a_directory_of_another_lab(
    path: Path, of: dict[str, Any], asked: dict[str, Any], words: str
) -> None:
    standing(path, EMON, CLIENT, PEER, **of)
    before = tree(path)
    with pytest.raises(LabError, match=words) as fault:
        remove(path, **asked)
    assert len(fault.value.faults) == 1 and tree(path) == before


def test_absent_leaves_a_ca_that_is_known_by_its_files_name_alone(path: Path) -> None:
    path.mkdir()
    for name in ("ca.key", "peer-ca.key", "uuid", "emon.key", "emon.crt"):
        (path / name).write_text("somebody's")
    before = tree(path)
    found = remove(path, certificates=[EMON])
    assert tree(path) == before and not found.differences.changed
    assert "did not make: ca.key, emon.crt, emon.key, peer-ca.key, uuid" in found.warnings[0]


def test_absent_completes_what_was_interrupted(path: Path) -> None:
    """Killed after any of the removals: what is left is known as the lab's, with and without its id."""
    for uuid in ("of-emon", None):
        standing(path, EMON, CLIENT, PEER, uuid=uuid)
        (path / "emon.crt").unlink()
        count = 0
        while path.exists():
            pki = pki_spec.parse(str(path), "emon", [EMON], uuid=uuid)
            (first, *_) = pki_directory.plan_absent(pki).removals or [None]
            if first is None:
                pki_directory.apply(pki_directory.plan_absent(pki))
                break
            first.unlink()
            count += 1
        assert not path.exists() and count == (10 if uuid else 9)


def test_certificates_of_hosts_that_were_not_cleared_keep_the_authorities(path: Path) -> None:
    """Two lab files of one name share the directory; a host was taken out of the lab file and stands."""
    standing(path, EMON, PEER, {"name": "emon3-docker", "kind": "client", "days": 1})
    cleared = ["emon", "emon-peer", "emon-docker"]
    before = tree(path)
    found = remove(path, cleared=cleared)
    left = {name: content for name, content in before.items() if not name.startswith(("emon.", "emon-peer."))}
    assert tree(path) == left and found.others == {"emon3-docker": "2026-11-23T10:00:00Z"}
    assert not remove(path, cleared=cleared).differences.changed
    remove(path, cleared=["emon3-docker"])
    assert not path.exists()


def test_absent_of_some_and_of_the_cleared_exclude_each_other(path: Path) -> None:
    with pytest.raises(LabError, match="cleared: not together with only"):
        remove(path, only=["emon"], cleared=["emon"])


def forget(path: Path, *names: str, **given: Any) -> pki_directory.Plan:
    pki = pki_spec.parse(str(path), "emon", only=names, **given)
    return pki_directory.converge(pki, NOW, check=False, absent=True)


def test_absent_of_some_leaves_the_others(path: Path, tmp_path: Path) -> None:
    make(path, EMON, CLIENT, PEER)
    before = tree(path)
    found = forget(path, "emon", "emon-peer", "emon-docker")
    assert {name: one["not_after"] for name, one in found.certificates.items()} == {
        "emon": "2027-02-20T10:00:00Z",
        "emon-peer": "2027-11-22T10:00:00Z",
    }
    left = {name: content for name, content in before.items() if not name.startswith("emon")}
    assert found.differences.changed and tree(path) == left
    again = forget(path, "emon", "emon-peer", "emon-docker")
    assert not again.differences.changed and again.certificates == {} and tree(path) == left
    assert not forget(tmp_path / "none", "emon").differences.changed and not (tmp_path / "none").exists()


def test_absent_of_some_asks_whose_they_are(path: Path, tmp_path: Path) -> None:
    pki_directory.converge(pki_spec.parse(str(path), "emon", [EMON], uuid="of-emon"), NOW, check=False)
    make(tmp_path / "other", EMON)
    with pytest.raises(LabError, match="is of the lab of-emon, not of other"):
        forget(path, "emon", uuid="other")
    (path / "emon.crt").write_bytes((tmp_path / "other" / "emon.crt").read_bytes())
    assert not forget(path, "emon", uuid="of-emon").differences.changed
    with pytest.raises(LabError) as fault:
        forget(path, "peer-ca", "../emon")
    assert [line.split(":")[0] for line in fault.value.faults] == ["only.peer-ca", "only.../emon"]


@pytest.mark.parametrize(
    ("certificate", "fault"),
    [
        (EMON | {"name": "../x"}, "certificates.../x: the name must be"),
        (EMON | {"name": "ca"}, "certificates.ca: the name must be"),
        (EMON | {"name": "peer-ca"}, "certificates.peer-ca: the name must be"),
        (EMON | {"ip": ["10.0.0.300"]}, "certificates.emon.ip: '10.0.0.300' is not an IP address"),
        (EMON | {"dns": ["a b"]}, "certificates.emon.dns: 'a b' is not a host name"),
        (EMON | {"dns": [], "ip": []}, "certificates.emon: a certificate of kind server needs dns or ip"),
        (EMON | {"common_name": "x" * 65}, "certificates.emon.common_name: longer than 64"),
        (EMON | {"days": -1}, "certificates.emon.days: -1 must be 1 or more"),
    ],
)
def test_faults_of_a_certificate(path: Path, certificate: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError) as raised:
        pki_spec.parse(str(path), "emon", [certificate])
    assert any(line.startswith(fault) for line in raised.value.faults)


def test_all_faults_at_once(path: Path) -> None:
    with pytest.raises(LabError) as raised:
        pki_spec.parse(str(path), "", [EMON, EMON | {"ip": ["x"]}], ca_days=0, renew_fraction=1.0)
    assert len(raised.value.faults) == 5


def test_what_the_system_refuses_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="Not a directory: run as the owner"):
        make(tmp_path / "file" / "pki")
    path = tmp_path / "pki"
    make(path)
    (path / "emon.crt").mkdir()
    with pytest.raises(LabError, match="Is a directory: run as the owner"):
        plan(path, EMON)


def test_a_path_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "pki").write_text("")
    with pytest.raises(LabError, match="is not a directory"):
        plan(tmp_path / "pki")


def forged(path: Path, **changes: Any) -> None:
    """Replace emon's certificate by another one of the lab's CA for the same key."""
    authority_key = pki_x509.load_key((path / "ca.key").read_bytes())
    authority = pki_x509.load_certificate((path / "ca.crt").read_bytes())
    current = pki_x509.load_certificate((path / "emon.crt").read_bytes())
    builder = (
        x509.CertificateBuilder()
        .subject_name(changes.get("subject", current.subject))
        .issuer_name(authority.subject)
        .public_key(current.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(changes.get("start", NOW - timedelta(days=1)))
        .not_valid_after(changes.get("end", NOW + timedelta(days=90)))
    )
    for extension in current.extensions:
        value = changes.get("replaced", {}).get(type(extension.value), extension.value)
        if value is not None:
            builder = builder.add_extension(value, critical=extension.critical)
    for value in changes.get("added", ()):
        builder = builder.add_extension(value, critical=True)
    (path / "emon.crt").write_bytes(pki_x509.certificate_pem(builder.sign(authority_key, hashes.SHA256())))


USAGE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, "", id="as the lab makes it"),
        pytest.param({"start": NOW + timedelta(days=2)}, "it is not valid before 2026-11-24", id="not yet valid"),
        pytest.param(
            {"replaced": {x509.BasicConstraints: x509.BasicConstraints(ca=True, path_length=None)}},
            "its basicConstraints is another",
            id="a CA",
        ),
        pytest.param(
            {"replaced": {x509.KeyUsage: x509.KeyUsage(**{**USAGE, "digital_signature": False, "crl_sign": True})}},
            "its keyUsage is another",
            id="may not sign",
        ),
        pytest.param(
            {"replaced": {x509.AuthorityKeyIdentifier: None}}, "its authorityKeyIdentifier is another", id="no chain"
        ),
        pytest.param(
            {"replaced": {x509.SubjectAlternativeName: x509.SubjectAlternativeName([x509.DNSName("emon")])}},
            "names changed",
            id="an address is missing",
        ),
        pytest.param(
            {
                "replaced": {
                    x509.SubjectAlternativeName: x509.SubjectAlternativeName(
                        [
                            x509.DNSName("emon"),
                            x509.IPAddress(ipaddress.ip_address("10.0.0.116")),
                            x509.IPAddress(ipaddress.ip_address("::1")),
                            x509.UniformResourceIdentifier("https://elsewhere"),
                        ]
                    )
                }
            },
            "its subjectAltName is another",
            id="a name of a kind that the lab does not know",
        ),
        pytest.param(
            {"added": [x509.NameConstraints([x509.DNSName("else")], None)]},
            "its nameConstraints is another",
            id="an extension too many",
        ),
    ],
)
def test_a_certificate_is_unfit_for_any_reason(path: Path, changes: dict[str, Any], reason: str) -> None:
    make(path, EMON)
    forged(path, **changes)
    assert make(path, EMON).certificates["emon"]["reason"] == reason
    assert not make(path, EMON).differences.changed


def test_an_authority_that_is_unfit_is_a_fault(path: Path) -> None:
    make(path, now=NOW + timedelta(days=9))
    with pytest.raises(LabError, match=r"is not valid before 2026-11-30: set this machine's clock"):
        plan(path, EMON)
    make(path, EMON, now=NOW + timedelta(days=9))
    for suffix in (".crt", ".key"):
        (path / f"ca{suffix}").write_bytes((path / f"emon{suffix}").read_bytes())
    with pytest.raises(LabError, match="may not issue certificates"):
        plan(path, EMON, now=NOW + timedelta(days=9))


_FOUND = """
import sys
from datetime import datetime, timezone
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import directory as pki_directory
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import spec as pki_spec
sys.stdin.readline()
pki_directory.converge(pki_spec.parse(sys.argv[1], "emon"), datetime.now(timezone.utc), check=False)
"""


def test_runs_at_the_same_time_make_one_authority(tmp_path: Path) -> None:
    for trial in range(8):
        path = tmp_path / str(trial)
        command = [sys.executable, "-c", _FOUND, str(path)]
        runs = [subprocess.Popen(command, stdin=subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)}) for _ in "12"]
        for run in runs:
            assert run.stdin
            run.stdin.write(b"\n")
            run.stdin.close()
        assert [run.wait(timeout=60) for run in runs] == [0, 0]
        key = pki_x509.load_key((path / "ca.key").read_bytes())
        assert pki_x509.belongs(key, pki_x509.load_certificate((path / "ca.crt").read_bytes()))
    assert sorted(one.name for one in tmp_path.iterdir()) == [str(trial) for trial in range(8)]
