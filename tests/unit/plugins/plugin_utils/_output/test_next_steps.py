# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What overlay.yml shows at its end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output import next_steps

NAMES = ("emon", "emon2", "emon3")


def lab(members: int = 3, **given: Any) -> dict[str, Any]:
    return {
        "name": "emon",
        "site": "company",
        "simulated": True,
        "hosts": {
            name: {"addresses": {"company": f"10.0.0.{number}"}, "etcd": number <= members}
            for number, name in enumerate(NAMES, 1)
        },
        "networks": [{"name": "demo"}],
        "containers": [{"name": "test1", "host": "emon"}, {"name": "test2", "host": "emon2"}],
        "engine": "swarm",
        "engine_why": "auto: Docker is 26.1.5 on emon, 23 or later",
        "traits": {"uses_etcd": True},
        **given,
    }


def run(*inventories: str, **given: Any) -> dict[str, Any]:
    return {
        "inventories": list(inventories) or ["inventories/simulated/company.yml"],
        "playbooks": "playbooks",
        "root": "/home/e/lab",
        "read": list(NAMES),
        "user": "",
        **given,
    }


def test_a_lab_in_a_checkout() -> None:
    assert next_steps.lines(lab(), run()) == [
        "The lab emon stands at the site company: 3 hosts, 1 network, 2 containers, engine swarm (auto: Docker is"
        " 26.1.5 on emon, 23 or later).",
        "Enter a host:       make shell HOST=emon",
        "Enter a container:  docker exec -it test1 sh   (on emon)",
        "Prove it again:     make verify",
        "Remove it:          make destroy",
    ]


@pytest.mark.parametrize(
    ("of_lab", "of_run", "verify", "destroy"),
    [
        pytest.param(
            {"site": "home"}, run("inventories/simulated/home.yml"), "make verify SITE=home", "make destroy SITE=home",
            id="another site",
        ),
        pytest.param(
            {}, run("inventories/simulated/tutorial-company.yml"), "make verify LAB=tutorial",
            "make destroy LAB=tutorial", id="another lab",
        ),
        pytest.param(
            {"site": "home"}, run("inventories/simulated/tutorial.yml"), "make verify LAB=tutorial SITE=home",
            "make destroy LAB=tutorial SITE=home", id="another lab at another site",
        ),
        pytest.param(
            {}, run("../lab.yml"), "ansible-playbook -i ../lab.yml playbooks/verify.yml",
            "ansible-playbook -i ../lab.yml playbooks/destroy.yml", id="an inventory elsewhere",
        ),
        pytest.param(
            {}, run("a.yml", "b.yml", playbooks="../x/playbooks"),
            "ansible-playbook -i a.yml -i b.yml emon.overlay_lab.verify",
            "ansible-playbook -i a.yml -i b.yml emon.overlay_lab.destroy", id="the collection by its name",
        ),
        pytest.param(
            {"simulated": False}, run("inventories/company.yml"),
            "ansible-playbook -i inventories/company.yml playbooks/verify.yml",
            "ansible-playbook -i inventories/company.yml playbooks/destroy.yml -e confirm=emon", id="real hosts",
        ),
    ],
)  # fmt: skip
def test_what_is_typed_next(of_lab: dict[str, Any], of_run: dict[str, Any], verify: str, destroy: str) -> None:
    found = next_steps.lines(lab(containers=[], **of_lab), of_run)
    assert found[1:] == [f"Prove it again:     {verify}", f"Remove it:          {destroy}"]


@pytest.mark.parametrize(
    ("simulated", "user", "way"),
    [
        (True, "", "/home/e/lab/tools/shell emon   (as root)"),
        (False, "", "ssh -o HostKeyAlias=emon 10.0.0.1"),
        (False, "ann", "ssh -o HostKeyAlias=emon ann@10.0.0.1"),
    ],
)
def test_how_a_host_is_entered(simulated: bool, user: str, way: str) -> None:
    found = next_steps.lines(lab(simulated=simulated), run("lab.yml", user=user))
    assert found[1] == f"Enter a host:       {way}"


@pytest.mark.parametrize(
    ("members", "uses_etcd", "mind"),
    [
        (1, True, ["Mind: 1 etcd member tolerates no loss; three tolerate one."]),
        (2, True, ["Mind: 2 etcd members tolerate no loss; three tolerate one."]),
        (3, True, []),
        (1, False, []),
    ],
)
def test_what_a_small_cluster_does_not_tolerate(members: int, uses_etcd: bool, mind: list[str]) -> None:
    assert next_steps.lines(lab(members, traits={"uses_etcd": uses_etcd}), run())[5:] == mind


def test_a_host_that_was_skipped() -> None:
    found = next_steps.lines(lab(), run(read=["emon", "emon3"]))
    assert found[1] == (
        "emon2 was skipped (unreachable, or not in this run). Everything that is not on it works; an ordinary run adds"
        " it later."
    )
