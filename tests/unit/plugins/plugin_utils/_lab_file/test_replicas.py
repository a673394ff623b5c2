# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replicas over hosts: where each is, what it is called, and what stays where it is."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.model import Lab
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.replicas import spread
from hypothesis import given
from hypothesis import strategies as st

HOSTS = [f"h{number}" for number in range(1, 41)]


def lab(containers: str, hosts: int = 3, networks: str = "[{name: demo, subnet: 10.200.0.0/16}]") -> Lab:
    addresses = "".join(
        f"  h{n}: {{addresses: {{here: 10.9.{n // 250}.{n % 250 + 1}}}}}\n" for n in range(1, hosts + 1)
    )
    return load(
        f"name: small\nsites: {{here: {{subnet: 10.9.0.0/16}}}}\nhosts:\n{addresses}"
        f"networks: {networks}\ncontainers:\n{containers}"
    )


@pytest.mark.parametrize(
    ("replicas", "hosts", "found"),
    [
        (1, 3, "1"),
        (3, 3, "1 2 3"),
        (2, 3, "1 2"),
        (5, 1, "1 1 1 1 1"),
        (5, 2, "1 2 1 2 1"),
        # The third host takes one of each round of three, and the others stay.
        (6, 2, "1 2 1 2 1 2"),
        (6, 3, "1 2 3 2 1 3"),
        (6, 4, "1 2 3 4 1 3"),
    ],
)
def test_where_each_is(replicas: int, hosts: int, found: str) -> None:
    assert " ".join(host[1:] for host in spread(replicas, HOSTS[:hosts])) == found


@given(st.integers(1, 200), st.integers(1, 40))
def test_the_hosts_have_as_many_as_each_other_or_one_more(replicas: int, hosts: int) -> None:
    counts = Counter(spread(replicas, HOSTS[:hosts]))
    most = max(counts.values())
    assert most - min(counts[host] for host in HOSTS[:hosts]) <= 1
    assert counts.total() == replicas


@given(st.integers(1, 200), st.integers(1, 40))
def test_a_further_replica_moves_none(replicas: int, hosts: int) -> None:
    assert spread(replicas + 1, HOSTS[:hosts])[:replicas] == spread(replicas, HOSTS[:hosts])


@given(st.integers(1, 39), st.data())
def test_a_further_host_moves_no_more_than_it_takes(hosts: int, data: st.DataObject) -> None:
    """With up to two replicas on each host. With more, a few others change places: by turns alone, nearly all would."""
    replicas = data.draw(st.integers(1, 4 * hosts))
    before, after = spread(replicas, HOSTS[:hosts]), spread(replicas, HOSTS[: hosts + 1])
    moved = [new for old, new in zip(before, after) if old != new]
    share = replicas // (hosts + 1)
    if replicas <= 2 * hosts or hosts < 4:
        assert set(moved) <= {HOSTS[hosts]}
        assert share <= len(moved) <= share + 1
    assert len(moved) <= 2 * share + 1


def test_they_are_numbered_and_have_their_common_name_as_alias_in_each_network() -> None:
    found = lab(
        "  - {name: web, hosts: [h3, h1], replicas: 3, networks: [demo, {name: back, aliases: [www, web]}]}\n",
        networks="[{name: demo, subnet: 10.200.0.0/24}, {name: back, subnet: 10.201.0.0/24}]",
    ).containers
    assert [(one.name, one.host) for one in found] == [("web-1", "h3"), ("web-2", "h1"), ("web-3", "h3")]
    assert {tuple((place.network, place.aliases) for place in one.networks) for one in found} == {
        (("demo", ("web",)), ("back", ("web", "www")))
    }


def test_one_host_may_have_all_and_one_replica_an_address() -> None:
    found = lab("  - {name: web, host: h2, replicas: 2, networks: [demo]}\n").containers
    assert [(one.name, one.host) for one in found] == [("web-1", "h2"), ("web-2", "h2")]
    place = "{name: demo, ipv4_address: 10.200.0.9}"
    (one,) = lab(f"  - {{name: web, hosts: all, replicas: 1, networks: [{place}]}}\n").containers
    assert (one.name, one.host, str(one.networks[0].ipv4_address)) == ("web-1", "h1", "10.200.0.9")


def test_what_waits_for_a_name_waits_for_all_its_replicas_on_the_same_host() -> None:
    found = lab("""\
  - {name: client, hosts: all, networks: [demo], depends_on: {web: {condition: service_started}}}
  - {name: web, hosts: all, replicas: 4, networks: [demo], depends_on: [store]}
  - {name: store, hosts: all, networks: [demo]}
""").containers
    started = "service_started"
    assert {one.name: dict(one.depends_on) for one in found if one.depends_on} == {
        "client-h1": {"web-1": started},
        "client-h2": {"web-2": started, "web-4": started},
        "client-h3": {"web-3": started},
        "web-1": {"store-h1": ""},
        "web-2": {"store-h2": ""},
        "web-3": {"store-h3": ""},
        "web-4": {"store-h2": ""},
    }


def test_a_port_may_be_published_once_on_each_host_or_where_docker_chooses() -> None:
    lab("  - {name: web, hosts: all, replicas: 3, networks: [demo], published_ports: ['8080:80']}\n")
    lab("  - {name: web, hosts: all, replicas: 9, networks: [demo], published_ports: ['80']}\n")


def test_what_is_expected_of_the_common_name_is_of_whichever_answers() -> None:
    text = "  - {name: web, hosts: all, replicas: 3, networks: [demo]}\nexpect: [{from: web-1, to: 'web:80'}]\n"
    (one,) = lab(text).expectations
    assert (one.source, one.to, one.port) == ("web-1", "web", 80)


def test_a_strangers_replicas_are_refused_before_they_cost_anything() -> None:
    began = time.process_time()
    with pytest.raises(LabError, match="a lab has at most 5000"):
        lab("".join(f"  - {{name: c{n}, hosts: all, replicas: 1000, networks: [demo]}}\n" for n in range(9)), 900)
    waiting = "".join(
        f"  - {{name: c{n}, host: h1, replicas: 1000, networks: [demo], depends_on: [c{n + 1}]}}\n" for n in range(4)
    )
    last = "  - {name: c4, host: h1, replicas: 1000, networks: [demo]}\n"
    with pytest.raises(LabError, match="more than 50000 with those of each replica"):
        lab(waiting + last)
    with pytest.raises(LabError, match="nowhere is not a container on h1"):
        lab(last.replace("demo]", "demo], depends_on: [nowhere]"))
    assert time.process_time() - began < 15
