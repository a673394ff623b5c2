# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The faults that can be made: one catalogue for those who learn, for the tests of `make trace`, and for campaigns.

What `make trace` says is given for a packet from a container of the broken host, or to one, whichever of the two shows
it. `...` stands for any words, and {names} for what the fault found on the host (Scene.facts, Planned.facts).
"""

from __future__ import annotations

from dataclasses import dataclass

from . import addresses, filters, forwarding, links, services
from .planned import Kind

FROM, TO = "from", "to"
# What an engine has to have: its networks are overlays of Docker's; or VXLANs that learn; etcd; a resolver of its own.
OVERLAY, LEARNING, ETCD, RESOLVER = "overlay", "learning", "etcd", "resolver"
_ARRIVED = "arrived: {container}"
_DOCKERD = "dockerd does not answer"


@dataclass(frozen=True)
class Fault:
    """``summary`` says what is broken, ``symptom`` what a person sees of it without looking for it.

    ``says``: what `make trace` says, of a packet ``traced`` from or to the broken host; ``or_says``: where the
    sender has forgotten the other's MAC, and asks by ARP first. ``nothing``: it says that all is well.
    ``needs``: what an engine has to have. ``on_controller``: it is made outside of the host, which is simulated.
    ``simulated_only``: why real hosts are spared, where they are. ``real_only``: simulated hosts cannot have it.
    ``heals``: Docker may put it right by itself when packets are sent.
    """

    name: str
    summary: str
    symptom: str
    says: str
    kind: Kind
    traced: str = FROM
    needs: frozenset[str] = frozenset()
    on_controller: bool = False
    simulated_only: str = ""
    real_only: bool = False
    or_says: str = ""
    heals: bool = False

    @property
    def nothing(self) -> bool:
        return self.says.startswith("arrived")


def _needs(*words: str) -> frozenset[str]:
    return frozenset(words)


# Ansible comes to a real host by that card, and may come from the lab's other host.
_CUT_OFF = "a real one could not be reached any more, and so not be mended"
_SILENCE = "no ping passes, no error comes back"
FAULTS = (
    # -- Links. --
    Fault(
        "vxlan-down",
        "the VXLAN of the lab's network is down",
        f"{_SILENCE}; soon nobody answers ARP, either",
        "lost between hop 2, ... and hop 3, {vxlan} ...: {vxlan} ... is down; ...ip link set {vxlan} up",
        links.down("vxlan"),
    ),
    Fault(
        "bridge-down",
        "the bridge between containers and VXLAN is down",
        f"{_SILENCE}, also between containers of the host",
        "lost between hop 2, ... and hop 3, ...: {bridge} ... is down; ...ip link set {bridge} up",
        links.down("bridge"),
    ),
    Fault(
        "veth-down",
        "the container's cable is down at the end of the bridge",
        f"{_SILENCE}; in the container, eth0 has no carrier",
        "not seen at hop 1, ...: {veth} ... is down; ...ip link set {veth} up",
        links.down("veth"),
    ),
    Fault(
        "container-link-down",
        "the container's interface is down",
        "from it: Network is unreachable, or silence where it has another way out; to it: silence",
        "lost between hop 8, ... and hop 9, ...: {inner} in {container} ... is down; ...ip link set {inner} up",
        links.down("inner"),
        TO,
    ),
    Fault(
        "host-link-down",
        "the host's network card is down",
        f"{_SILENCE}, to any container of other hosts; the hosts do not reach each other, either",
        "and hop 4, {card} on ...: {card} on ... is down; ...ip link set {card} up",
        links.down("card"),
        simulated_only=_CUT_OFF,
    ),
    Fault(
        "cable-out",
        "the host's cable is out: its card is up, and has no carrier",
        "as with host-link-down; on the host, `ip link` shows NO-CARRIER",
        "{cable} in underlay is down; ...ip link set {cable} up",
        links.down("cable"),
        TO,
        on_controller=True,
        simulated_only="the cables of real ones are out of reach; pull it yourself",
    ),
    # -- What a VXLAN forwards. --
    Fault(
        "forwarding-missing",
        "the VXLAN has no forwarding entry for a container of another host",
        f"ARP is answered, but {_SILENCE}; the other container cannot be reached by this one alone",
        "lost between hop 3, {vxlan} ... and hop 4, ...: ... has no forwarding entry for {mac}",
        forwarding.missing,
        needs=_needs(OVERLAY),
        heals=True,
    ),
    Fault(
        "forwarding-wrong",
        "the VXLAN forwards a container's MAC to an address that no host has",
        f"{_SILENCE}, to that one container",
        "lost between hop 3, {vxlan} ... and hop 4, ...: ... forwards {mac} ... to {nobody}, not to ... at {remote}",
        forwarding.wrong,
        or_says="asks by ARP who has ..., in vain): {vxlan} ... has {mac} ... at {nobody}, and drops what comes with",
    ),
    Fault(
        "forwarding-wrong-back",
        "the VXLAN forwards a container's MAC to an address that no host has, and has ceased to learn",
        f"{_SILENCE}; with tcpdump, the requests are seen to arrive and to be answered",
        "the reply is lost between hop 8, {vxlan} ... and hop 7, ...: ... forwards {mac} ... to {nobody}, not to",
        forwarding.wrong_way_back,
        TO,
        _needs(OVERLAY),
    ),
    Fault(
        "flood-missing",
        "the VXLAN does not send to another host what it floods, such as ARP requests",
        f"{_SILENCE}, until the other side speaks first",
        "... sends to ... at {remote} neither what it floods nor ...",
        forwarding.flood_missing,
        needs=_needs(LEARNING),
    ),
    Fault(
        "neighbour-missing",
        "the VXLAN has no neighbour for a container of another host, so nobody answers ARP requests for it",
        f"{_SILENCE}, to that one container: nobody answers ARP",
        "not seen at hop 1, ...asks by ARP who has {address}, in vain...: {vxlan} ... has no neighbour for {address}",
        forwarding.neighbour_missing,
        needs=_needs(OVERLAY),
        heals=True,
    ),
    Fault(
        "neighbour-wrong",
        "the VXLAN answers ARP requests for a container of another host with a MAC that nobody has",
        f"{_SILENCE}; in the container, `ip neigh` shows that MAC",
        "{vxlan} ... has the MAC {nobodys_mac} for {address}, and ... has {mac}",
        forwarding.neighbour_wrong,
        needs=_needs(OVERLAY),
    ),
    Fault(
        "gossip-silent",
        "the VXLAN has neither neighbour nor forwarding entry for a container, as if gossip had not told of it",
        f"{_SILENCE}, to that one container: nobody answers ARP",
        "neither a forwarding entry nor a neighbour for ...{mac}...: Docker's gossip has not told",
        forwarding.gossip_silent,
        needs=_needs(OVERLAY),
        heals=True,
    ),
    Fault(
        "container-neighbour-wrong",
        "a container has a wrong MAC for another one, which no ARP answer replaces",
        f"{_SILENCE}, from this container to that one alone",
        "{container} has the MAC {nobodys_mac} for {address}, and ... has {mac}",
        forwarding.container_neighbour_wrong,
    ),
    # -- Addresses and routes. --
    Fault(
        "container-address-removed",
        "the container has lost its address",
        "from it: Network is unreachable, or silence where it has another way out; to it: silence",
        "{inner} in {container} ... has no address {own_address}, which Docker gave {container}; ...ip address add",
        addresses.removed("inner"),
        TO,
    ),
    Fault(
        "container-route-missing",
        "the container has no route into its own network",
        "from it: Network is unreachable, or silence where it has another way out; to it: silence",
        "{container} has no route to {address}",
        addresses.route_missing,
    ),
    Fault(
        "host-address-removed",
        "the host has lost its address at the site",
        f"{_SILENCE}, to any container of other hosts",
        "... does not have the address {host_address} at which the others reach it",
        addresses.removed("card"),
        simulated_only=_CUT_OFF,
    ),
    Fault(
        "host-route-wrong",
        "the host has a route to another host through a gateway that is not there",
        f"{_SILENCE}, to all containers of that host; the host itself is not reached, either",
        "lost between hop 3, ... and hop 4, ...: ... sends packets for {remote} ... to the gateway {nobody}",
        addresses.route_wrong,
        simulated_only=_CUT_OFF,
    ),
    Fault(
        "source-address-wrong",
        "VXLAN packets leave from an address of the card that is not the host's",
        "packets pass, but firewalls that know the hosts' addresses drop them, and encryption breaks",
        "outer source {nobody}, which is no host's",
        addresses.source_wrong,
        needs=_needs(OVERLAY),
        simulated_only="in a real network the address that it adds may be somebody's",
    ),
    # -- Sizes. --
    Fault(
        "mtu-underlay",
        "the MTU of the host's network card is too small for full-size packets inside VXLAN",
        "ping works, ssh logs in, and then hangs at the first full screen: small packets pass, large ones do not",
        "with small packets only: ...in one piece is lost between hop 3, ... and hop 4, ...: the MTU of {card} on ...",
        links.mtu("card", 50),
    ),
    Fault(
        "mtu-container",
        "the MTU of the container's interface is smaller than that of its network",
        "small packets pass, large ones do not get into the container",
        "with small packets only: ...: the MTU of {inner} in {container} ... is {mtu}",
        links.mtu("inner", 450),
        TO,
    ),
    # -- Filters. --
    Fault(
        "filter-vxlan",
        "iptables on the host drops what comes in as VXLAN",
        f"{_SILENCE}, though the hosts reach each other",
        "lost between hop 7, ... and hop 8, ...: a packet filter in ... drops it: iptables filter INPUT: ...{port}",
        filters.vxlan,
        TO,
    ),
    Fault(
        "filter-container",
        "iptables in the container's namespace drops ICMP",
        "ping gets no answer, TCP works",
        "the reply is not seen at hop 10, ...: a packet filter in {container} drops it: iptables filter INPUT: -p icmp",
        filters.inside,
        TO,
    ),
    Fault(
        "filter-nftables",
        "nftables on the host drops what comes in as VXLAN, by a rule without a counter",
        f"{_SILENCE}, and `iptables -L` shows nothing",
        "lost between hop 7, ...: ... these rules may, ... no counter that would tell: nft inet ... dport {port} drop",
        filters.nftables,
        TO,
    ),
    Fault(
        "packets-lost",
        "every third VXLAN packet that comes in is dropped",
        "ping reports about 33 % packet loss, TCP is slow",
        "arrived: ...; but ... packets were lost before hop 8, ...: a packet filter in ...: iptables ...statistic",
        filters.some,
        TO,
    ),
    Fault(
        "packets-slow",
        "the host's network card sends 64 kbit a second",
        "round trips of hundreds of milliseconds where there is traffic; transfers crawl",
        "Slow: it takes up to ... ms to hop 4, {card} on ...arrived: {container}",
        links.slow,
    ),
    # -- Programs. --
    Fault(
        "container-paused",
        "the container is paused",
        "ping is answered, since the kernel does that; programs in it are not: connections hang",
        "The container {container} is paused: ...arrived: ... reaches {container}",
        services.paused,
        TO,
    ),
    Fault(
        "container-stopped",
        "the container is stopped",
        f"{_SILENCE}, and its name is not known any more",
        "the container {container} does not run (it is exited); ...docker start {container}",
        services.container_stopped,
        TO,
    ),
    Fault(
        "dockerd-stopped",
        "dockerd is stopped, and its containers with it",
        "no container of the host answers; on the host: Cannot connect to the Docker daemon",
        f"{_DOCKERD}, so {{container}} cannot be found; ...systemctl start docker.service",
        services.dockerd_stopped,
        TO,
    ),
    Fault(
        "dockerd-killed",
        "dockerd is killed, and does not start again",
        "containers run on and reach each other by address; names are not resolved; docker: Cannot connect",
        f"{_DOCKERD}, so {{container}} cannot be found; ...systemctl start docker.service",
        services.dockerd_killed,
        TO,
    ),
    Fault(
        "dockerd-frozen",
        "dockerd is frozen: it accepts connections and never answers",
        "containers reach each other by address; every docker command hangs, and names are not resolved",
        f"{_DOCKERD}, because it is frozen ..., so {{container}} cannot be found",
        services.frozen("docker.service"),
        TO,
    ),
    Fault(
        "containerd-frozen",
        "containerd is frozen",
        "containers run on and reach each other; docker exec, start and stop hang",
        _ARRIVED,
        services.frozen("containerd.service"),
    ),
    Fault(
        "containerd-killed",
        "containerd is killed, and does not start again",
        "containers run on and reach each other; docker exec, start and stop fail; `make status` says it",
        _ARRIVED,
        services.killed("containerd.service"),
    ),
    Fault(
        "etcd-killed",
        "etcd is killed on the host, and does not start again",
        "containers reach each other; networks and containers cannot be made where the quorum is gone",
        _ARRIVED,
        services.killed("etcd.service"),
        needs=_needs(ETCD),
    ),
    Fault(
        "etcd-frozen",
        "etcd is frozen on the host: it accepts connections and never answers",
        "as with etcd-killed, but clients wait until their time is out",
        _ARRIVED,
        services.frozen("etcd.service"),
        needs=_needs(ETCD),
    ),
    Fault(
        "resolver-stopped",
        "the lab's resolver on the host is stopped",
        "ping by name: bad address; by address it works",
        "but not by its name: ...",
        services.stopped("overlay-lab-resolver.service"),
        needs=_needs(RESOLVER),
    ),
    Fault(
        "name-server-wrong",
        "the container asks a name server that is not there",
        "ping by name: bad address, after many seconds; by address it works",
        "but not by its name: ...{server}",
        services.name_server_wrong,
    ),
    Fault(
        "clock-wrong",
        "the host's clock is an hour ahead",
        "certificates that are not valid yet, or not any more; logs that do not fit together",
        _ARRIVED,
        services.clock_wrong,
        real_only=True,
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
