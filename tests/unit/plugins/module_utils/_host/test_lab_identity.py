# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which lab a controller's directory and the hosts are of, and what is refused before the first change."""

from __future__ import annotations

import hashlib
import ssl
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import directory as pki_directory
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki import spec as pki_spec
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.variables import controller_dir

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
EMON: dict[str, Any] = {"name": "emon", "kind": "server", "dns": ["emon"]}
A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
OURS, OTHER, PEERS, STRANGE = "aa" * 32, "bb" * 32, "cc" * 32, "dd" * 32


def host(
    ca: str = "", recorded: str = "", name: str = "emon", owner: str = "emon", peers: str | None = None
) -> dict[str, Any]:
    """Of a lab whose peers have a CA of their own; ``peers``: its fingerprint where it is not `PEERS`, '' for none."""
    return {"record": {"lab": name, "uuid": recorded}, "etcd": {"lab": owner, "cas": cas(ca, peers)}}


def cas(ca: str, peers: str | None) -> dict[str, str]:
    return {"ca": ca, "peer-ca": peers if peers is not None else PEERS if ca else ""}


RUN = {"new_ca": False, "limited": False, "reads": False}


def lab(ca: str = "", recorded: str = "", former: str = "", peers: str | None = None, **given: Any) -> dict[str, Any]:
    return {
        "name": "emon",
        "traits": {"uses_etcd": True},
        "etcd": {"tls": True},
        "controller": {
            "pki": "/home/e/pki",
            "uuid": recorded,
            "cas": cas(ca, peers),
            "former_cas": cas(former, None),
        },
        **given,
    }


@pytest.mark.parametrize(
    ("of", "hosts", "words"),
    [
        pytest.param(lab(), [host(name="", owner="")], None, id="nothing anywhere"),
        pytest.param(lab(OURS), [host(OURS), host(OURS)], None, id="the lab's controller"),
        pytest.param(lab(OURS), [host(OURS), host(name="", owner="")], None, id="a host joins"),
        pytest.param(
            lab(OURS), [host(OTHER, name="", owner="school")], None, id="another lab's host is told elsewhere"
        ),
        pytest.param(lab(OURS), [host(OURS), host(OTHER)], None, id="a new CA was interrupted on its way"),
        pytest.param(lab(), [host(OURS)], "/home/e/pki holds none: bring the PKI directory", id="a second controller"),
        pytest.param(lab(), [host(OURS, name="")], "holds none", id="a second controller, and the record is lost"),
        pytest.param(lab(OTHER), [host(OURS)], f"/home/e/pki holds another, {OTHER}", id="one with a CA of its own"),
        pytest.param(lab(former=OURS), [host(OURS)], None, id="taken over from the former directory"),
        pytest.param(lab(OTHER, former=OURS), [host(OURS)], "holds another", id="not where there is one"),
        pytest.param(lab(former=OTHER), [host(OURS)], "holds none", id="not another lab's"),
        pytest.param(lab(new_ca=True), [host(OURS)], None, id="on purpose"),
        pytest.param(lab(OURS, peers=""), [host(OURS, peers="")], None, id="a lab from before the peers' CA"),
        pytest.param(lab(OURS), [host(OURS), host(OURS, peers="")], None, id="which got it and was interrupted"),
        pytest.param(
            lab(OURS, peers=""),
            [host(OURS)],
            f"trusts the peers' CA {PEERS}, and /home/e/pki holds none",
            id="no peers'",
        ),
        pytest.param(lab(OURS), [host(OURS, peers=STRANGE)], f"holds another, {PEERS}", id="another CA of peers"),
        pytest.param(lab(OURS, peers="", new_ca=True), [host(OURS)], None, id="the peers' anew, on purpose"),
        pytest.param(
            lab(OURS, peers="", limited=True),
            [host(OURS, peers="")],
            "the peers' CA is new, and all members of etcd take it over at the same time: run once without --limit",
            id="the peers' comes to all",
        ),
        pytest.param(
            lab(OURS, limited=True), [host(OURS, peers="")], "the peers' CA is new", id="or to the rest of them"
        ),
        pytest.param(lab(OURS, peers="", limited=True), [host(owner="")], "the peers' CA is new", id="before a join"),
        pytest.param(lab(OURS, peers="", limited=True, reads=True), [host(OURS, peers="")], None, id="only looked at"),
        pytest.param(lab(OTHER, limited=True, new_ca=True), [host(OURS)], "the CA is new", id="a new CA comes to all"),
        pytest.param(lab(OURS, limited=True), [host(OURS), host("", owner="")], None, id="a limited run"),
        pytest.param(lab(limited=True), [host(owner="")], None, id="a limited run, and nothing anywhere"),
        pytest.param(lab(former=OURS, limited=True), [host(OURS)], None, id="limited, and taken over"),
        pytest.param(lab(etcd={"tls": False}), [host(OURS)], None, id="no TLS"),
        pytest.param(lab(traits={"uses_etcd": False}), [host(OURS)], None, id="no etcd"),
        pytest.param(lab(OURS, A), [host(OURS, A), host(OURS)], None, id="one uuid, and a record from before"),
        pytest.param(lab(OURS), [host(OURS, A)], None, id="the controller has none yet"),
        pytest.param(lab(OURS, A), [host(OURS)], None, id="the hosts have none yet"),
        pytest.param(
            lab(OURS, A), [host(OURS, B)], f"/home/e/pki is of the lab {A}, and h0 of another", id="another uuid"
        ),
        pytest.param(lab(OURS, A, new_ca=True), [host(OURS, B)], "is of the lab", id="which a new CA does not mend"),
        pytest.param(lab(OURS), [host(OURS, A), host(OURS, B)], f"h0 of {A}; h1 of {B}", id="hosts of two labs"),
        pytest.param(lab(OURS, A), [host("", B, name="school", owner="")], None, id="another lab's is told elsewhere"),
    ],
)
def test_whether_this_controller_is_the_labs(
    of: dict[str, Any], hosts: list[dict[str, Any]], words: str | None
) -> None:
    found = lab_identity.faults(of, {f"h{number}": one for number, one in enumerate(hosts)}, {**RUN, **of})
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_both_ways_out_are_told() -> None:
    (line,) = lab_identity.faults(lab(), {"emon": host(OURS), "emon2": host(OURS)}, RUN)
    assert line.startswith(f"emon, emon2: etcd trusts the CA {OURS}")
    assert "from the controller that has it to /home/e/pki; if it is lost, run again with -e new_ca=true" in line
    assert "restarts every etcd member and dockerd" in line
    (line,) = lab_identity.faults(lab(OURS, peers=""), {"emon": host(OURS)}, RUN)
    assert line.endswith("restarts every etcd member of the lab")


def test_the_uuid_that_is_chosen() -> None:
    assert lab_identity.choose(lab(recorded=A), {"emon": host(), "emon2": host(recorded=B)}) == B
    assert lab_identity.choose(lab(recorded=A), {"emon": host()}) == A
    assert lab_identity.choose(lab(), {"emon": host(recorded=B, name="school")}) != B
    new = [lab_identity.choose(lab(), {}) for _ in "12"]
    assert new[0] != new[1] and uuid.UUID(new[0]).version == 4


def converge(path: Path, **given: Any) -> pki_directory.Plan:
    check = given.pop("check", False)
    return pki_directory.converge(pki_spec.parse(str(path), "emon", [EMON], **given), NOW, check=check)


def tree(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir()} if path.exists() else {}


def test_the_fingerprint_is_that_of_openssl(tmp_path: Path) -> None:
    path = tmp_path / "pki" / "ca.crt"
    assert lab_identity.fingerprint(path) == ""
    converge(path.parent)
    text = path.read_text()
    expected = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    assert lab_identity.fingerprint(path) == expected
    path.write_text(f"CA of the lab\n{text}\n{text}")
    assert lab_identity.fingerprint(path) == expected
    path.write_text("torn")
    assert lab_identity.fingerprint(path) not in ("", expected)
    path.unlink()
    path.mkdir()
    with pytest.raises(LabError, match="cannot be read"):
        lab_identity.fingerprint(path)


def test_a_directory_of_another_lab_is_refused_by_the_module(tmp_path: Path) -> None:
    path = tmp_path / "pki"
    assert converge(path, uuid=A).differences.changed
    assert not converge(path, uuid=A).differences.changed and not converge(path).differences.changed
    before = tree(path)
    with pytest.raises(LabError, match=f"is of the lab {A}, not of {B}"):
        converge(path, uuid=B, new_ca=True)
    with pytest.raises(LabError, match="holds another, "):
        converge(path, trusted=[OTHER])
    assert tree(path) == before
    assert not converge(path, trusted=[OTHER], new_ca=True).differences.changed


@pytest.mark.parametrize("check", [False, True])
def test_a_lost_authority_is_founded_anew_on_purpose_only(tmp_path: Path, check: bool) -> None:
    path = tmp_path / "pki"
    with pytest.raises(LabError, match="holds none: bring the directory"):
        converge(path, trusted=[OURS], check=check)
    assert not path.exists()
    assert converge(path, trusted=[OURS], new_ca=True, check=check).makes_authority("ca")


def test_the_peers_authority_is_known_by_its_fingerprint_too(tmp_path: Path) -> None:
    path = tmp_path / "pki"
    peer = {"name": "emon-peer", "kind": "peer", "dns": ["emon"]}

    def make(**given: Any) -> pki_directory.Plan:
        return pki_directory.converge(pki_spec.parse(str(path), "emon", [EMON, peer], **given), NOW, check=False)

    converge(path)
    trusted = [lab_identity.fingerprint(path / "ca.crt")]
    before = tree(path)
    with pytest.raises(LabError, match=f"trust the peers' CA {STRANGE}, and .* holds none: bring the directory"):
        make(trusted=trusted, trusted_peers=[STRANGE])
    assert tree(path) == before
    assert make(trusted=trusted).makes_authority("peer-ca")
    peers = [lab_identity.fingerprint(path / "peer-ca.crt")]
    assert not make(trusted=trusted, trusted_peers=peers).differences.changed
    with pytest.raises(LabError, match=f"holds another, {peers[0]}"):
        make(trusted=trusted, trusted_peers=[STRANGE])
    assert not make(trusted=trusted, trusted_peers=[STRANGE], new_ca=True).differences.changed


def test_a_former_directory_without_the_peers_authority_that_is_trusted_stays(tmp_path: Path) -> None:
    former, path = tmp_path / "pki", tmp_path / "simulated" / "pki"
    converge(former)
    given = {"trusted": [lab_identity.fingerprint(former / "ca.crt")], "trusted_peers": [PEERS]}
    with pytest.raises(LabError, match="holds none"):
        converge(path, **given, former_path=str(former))
    assert not path.exists()


def test_a_simulated_lab_takes_its_former_directory_over(tmp_path: Path) -> None:
    former, path = tmp_path / "pki", tmp_path / "simulated" / "pki"
    converge(former, uuid=A)
    trusted = [lab_identity.fingerprint(former / "ca.crt")]
    before = tree(former)
    given = {"trusted": trusted, "former_path": str(former), "uuid": B}
    assert converge(path, **given, check=True).differences.changed and not path.exists()
    found = converge(path, **given)
    assert found.differences.changed and not found.makes_authority("ca") and tree(former) == before
    assert tree(path) == {**before, "uuid": f"{B}\n".encode()}
    assert not converge(path, **given).differences.changed


def test_a_former_directory_that_is_another_labs_stays(tmp_path: Path) -> None:
    former, path = tmp_path / "pki", tmp_path / "simulated" / "pki"
    converge(former)
    with pytest.raises(LabError, match="holds none"):
        converge(path, trusted=[OURS], former_path=str(former))
    assert converge(path, former_path=str(former)).makes_authority("ca")
    assert (path / "ca.crt").read_bytes() != (former / "ca.crt").read_bytes()


def test_simulated_and_real_hosts_share_nothing_on_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/e")
    emon = load((Path(__file__).parents[5] / "labs" / "emon.yml").read_text(encoding="utf-8"))
    real, simulated = controller_dir(emon, simulated=False), controller_dir(emon, simulated=True)
    assert (real, simulated) == ("/home/e/.config/overlay-lab/emon", "/home/e/.config/overlay-lab/emon/simulated")
