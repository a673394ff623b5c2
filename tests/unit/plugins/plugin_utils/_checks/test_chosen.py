# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run makes of the lab, by the facts of its hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.chosen import (
    chosen,
    considered,
    on_host,
    standing,
)

NAMES = ("emon", "emon2", "emon3")


def lab(**given: Any) -> dict[str, Any]:
    return {
        "name": "emon",
        "site": "company",
        "sites": {"company": {"subnet": "10.0.0.0/24", "mtu": 1500}},
        "hosts": {
            name: {"addresses": {"company": f"10.0.0.{number}"}, "etcd": number < 3, "index": number}
            for number, name in enumerate(NAMES, 1)
        },
        "engine": "auto",
        "networks": [{"name": "demo", "subnet": "10.200.0.0/24", "gateway": "10.200.0.1"}],
        "containers": [
            {"name": "test1", "host": "emon", "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}]}
        ],
        "pki": "/nonexistent",
        "former_pki": "",
        **given,
    }


def info(number: int, recorded: str = "", **record: Any) -> dict[str, Any]:
    """``recorded``: the lab that the host is of."""
    return {
        "record": {"lab": recorded, "engine": "", "uuid": "", "site": "", "moving_to": "", **record},
        "index": record.get("index", 0),
        "addresses": [{"address": f"10.0.0.{number}"}],
        "docker": {"version": "26.1.5", "available": ""},
        "etcd": {"lab": "", "data": {"present": False}, "config": {}},
    }


def test_auto_becomes_an_engine_once() -> None:
    infos = {name: info(number) for number, name in enumerate(NAMES, 1)}
    found = chosen(infos, lab())
    assert found["engine"] == "swarm"
    assert found["engine_why"].startswith("auto: Docker is 26.1.5")
    assert (found["traits"]["swarm_mode"], found["engine_faults"]) == (True, [])
    # Read again under the lock, of the lab as it was given: the same, with the same reason.
    assert {**chosen(infos, lab()), "uuid": ""} == {**found, "uuid": ""}


def test_the_lab_that_is_given_stays() -> None:
    given = lab()
    chosen({"emon": info(1, "emon", index=7)}, given)
    assert given == lab()


@pytest.mark.parametrize(("function", "members"), [(considered, ["emon", "emon2"]), (chosen, ["emon2", "emon3"])])
def test_hosts_keep_their_indexes_and_members_their_place(function: Any, members: list[str]) -> None:
    """emon was put in front of members that stand; preflight checks the lab file's."""
    infos = {name: info(number, "emon", index=number + 3) for number, name in enumerate(NAMES, 1)}
    for name in ("emon2", "emon3"):
        infos[name]["etcd"] = {"lab": "emon", "data": {"present": True}, "config": {}}
    found = function(infos, lab())["hosts"]
    assert {name: host["index"] for name, host in found.items()} == {"emon": 4, "emon2": 5, "emon3": 6}
    assert [name for name, host in found.items() if host["etcd"]] == members


def test_the_engine_completes_containers() -> None:
    infos = {name: info(number) for number, name in enumerate(NAMES, 1)}
    assert "dns" not in chosen(infos, lab(engine="swarm"))["containers"][0]
    assert chosen(infos, lab(engine="vxlan"))["containers"][0]["dns"]


@pytest.mark.parametrize(
    ("recorded", "here", "expected"), [("of-host", "of-here", "of-host"), ("", "of-here", "of-here")]
)
def test_the_uuid_is_that_of_the_hosts_else_of_the_controller(
    recorded: str, here: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "uuid").write_text(f"{here}\n", encoding="utf-8")
    found = chosen({"emon": info(1, "emon", uuid=recorded)}, lab(pki=str(tmp_path)))
    assert (found["uuid"], found["controller"]["uuid"]) == (expected, here)


def test_a_lab_without_a_host_that_answers() -> None:
    found = chosen({}, lab())
    assert (found["engine"], found["switch"]["moving"]) == ("cluster_store", False)


@pytest.mark.parametrize(
    ("records", "engine", "uuid"),
    [
        ([{}, {}], "auto", ""),
        ([{}, {"engine": "vxlan", "uuid": "a"}], "vxlan", "a"),
        ([{"engine": "swarm"}, {"engine": "vxlan"}], "swarm", ""),
    ],
)
def test_a_lab_as_it_was_left(records: list[dict[str, str]], engine: str, uuid: str) -> None:
    infos = {name: info(1, "emon", **record) for name, record in zip(NAMES, records, strict=False)}
    found = standing(infos, lab())
    assert (found["engine"], found["uuid"]) == (engine, uuid)
    assert list(found["hosts"]) == list(NAMES)


@pytest.mark.parametrize(
    ("recorded", "former"),
    [(["", ""], ""), (["", "swarm"], ""), (["swarm", "vxlan"], "vxlan"), (["cluster_store", "vxlan"], "cluster_store")],
)
def test_the_engine_that_hosts_had_before(recorded: list[str], former: str) -> None:
    infos = {name: info(1, "emon", engine=engine) for name, engine in zip(NAMES, recorded, strict=False)}
    assert chosen(infos, lab(engine="swarm"))["former_engine"] == former


@pytest.mark.parametrize(
    ("recorded", "otherwise", "engine"),
    [("vxlan", "", "vxlan"), ("vxlan", "swarm", "vxlan"), ("", "swarm", "swarm"), ("", "", "auto")],
)
def test_the_lab_as_one_host_has_it(recorded: str, otherwise: str, engine: str) -> None:
    given = lab()
    assert on_host(given, info(1, "emon", engine=recorded), otherwise) == {**given, "engine": engine}
