# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import unit_command
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import proxies

HOSTS = {
    "emon": {"addresses": {"company": "10.0.0.116", "home": "192.168.1.116"}, "etcd": True},
    "emon2": {"addresses": {"company": "10.0.0.117", "home": "192.168.1.117"}, "etcd": True},
    "emon3": {"addresses": {"company": "10.0.0.118", "home": "192.168.1.118"}, "etcd": False},
}
PROXY = {"http": "http://proxy:3128", "https": "http://proxy:3128", "no": ""}
NONE = {"http": "", "https": "", "no": ""}


def lines(
    host: str = "emon",
    docker: dict[str, str] = NONE,
    etcd: dict[str, str] = NONE,
    engine: str = "cluster_store",
    tls: bool = False,
    image: str = "",
) -> list[str]:
    lab: dict[str, Any] = {
        "engine": engine,
        "site": "company",
        "hosts": HOSTS,
        "etcd": {"tls": tls},
        "containers": [{"name": "c", "host": host, "image": image}],
    }
    info = {"docker": {"proxies": docker}, "etcd": {"proxies": etcd}}
    run = {"reads": False, "image": "busybox:latest"}
    return proxies.faults(lab, {"name": host, **HOSTS[host]}, info, run)


def test_dockerd_asks_its_store_through_a_proxy() -> None:
    assert lines(docker={**PROXY, "no": "localhost,10.0.0.116"}) == [
        "dockerd would ask etcd at 10.0.0.117 through the proxy http://proxy:3128 of docker.service, whose NO_PROXY is"
        " localhost,10.0.0.116: echo 'NO_PROXY=localhost,10.0.0.116,10.0.0.117' >/etc/default/docker-no-proxy &&"
        " mkdir -p /etc/systemd/system/docker.service.d && { echo '[Service]';"
        " echo EnvironmentFile=/etc/default/docker-no-proxy; }"
        " >/etc/systemd/system/docker.service.d/zz-no-proxy.conf && systemctl daemon-reload"
    ]


def test_etcd_asks_its_members_through_a_proxy() -> None:
    (line,) = lines(etcd=PROXY, tls=True)
    assert line.startswith(
        "etcd would ask its members at 10.0.0.116, 10.0.0.117 through the proxy http://proxy:3128 of etcd.service"
    )
    assert "whose NO_PROXY is empty: echo 'NO_PROXY=10.0.0.116,10.0.0.117' >/etc/default/etcd-no-proxy && " in line


def test_a_registry_on_a_host_of_the_lab() -> None:
    (line,) = lines(docker=PROXY, tls=True, image="10.0.0.118:5000/web:1")
    assert line.startswith("dockerd would fetch images at 10.0.0.118 through the proxy")
    assert lines(docker=PROXY, tls=True, image="emon3:5000/web:1")
    assert lines(docker={**PROXY, "no": "emon3"}, tls=True, image="emon3:5000/web:1") == []
    # Any other registry may well be what the proxy is for.
    assert lines(docker=PROXY, tls=True, image="registry.example:5000/web:1") == []
    assert lines(docker=PROXY, tls=True, image="nginx:1") == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="no proxy"),
        pytest.param({"docker": {**PROXY, "http": ""}}, id="none for plain HTTP"),
        pytest.param({"docker": PROXY, "tls": True}, id="with certificates dockerd asks past it"),
        pytest.param({"docker": {**PROXY, "no": "10.0.0.0/24"}, "etcd": {**PROXY, "no": "*"}}, id="left out"),
        pytest.param({"docker": PROXY, "etcd": PROXY, "engine": "vxlan"}, id="an engine without etcd"),
        pytest.param({"host": "emon3", "etcd": PROXY}, id="no member"),
    ],
)
def test_nothing_of_the_lab_goes_through_it(given: dict[str, Any]) -> None:
    assert lines(**given) == []


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("10.0.0.116", "", False),
        ("10.0.0.116", "10.0.0.117, 10.0.0.116", True),
        ("10.0.0.116", "10.0.0.116:2379", True),
        ("10.0.0.116", "10.0.0.0/24", True),
        ("10.0.0.116", "10.0.0.117/24", True),
        ("10.0.0.116", "10.0.1.0/24,nonsense/x", False),
        ("10.0.0.116", "10.0.0", False),
        ("10.0.0.116", "10.0.0.*", False),
        ("10.0.0.116", "*", True),
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("fd00::2", "fd00::/64", True),
        ("localhost", "", True),
        ("emon", "emon", True),
        ("emon.example", "example", True),
        ("emon.example", ".example", True),
        ("emon.example", "*.example", True),
        ("example", ".example", False),
        ("notexample", "example", False),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(host: str, no_proxy: str, direct: bool) -> None:
    assert proxies.is_direct(host, no_proxy) == direct


def test_what_is_typed_counts_wherever_the_variables_are(tmp_path: Path) -> None:
    """As a shell and systemd read it: the file comes last, so it counts more than the unit's own."""
    (line,) = lines(etcd={**PROXY, "no": "a.example"}, tls=True)
    typed = line.partition("a.example: ")[2].partition(" && systemctl")[0]
    for place in ("/etc/default", "/etc/systemd/system"):
        (tmp_path / place[1:]).mkdir(parents=True)
        typed = typed.replace(f"{place}/", f"{tmp_path}{place}/")
    subprocess.run(["sh", "-c", typed], check=True)
    theirs = tmp_path / "etc/default/proxy"
    theirs.write_text("HTTPS_PROXY=http://proxy:3128\nNO_PROXY=a.example\n")
    drop_in = (tmp_path / "etc/systemd/system/etcd.service.d/zz-no-proxy.conf").read_text()
    assert drop_in.splitlines()[0] == "[Service]"
    ours = drop_in.partition("EnvironmentFile=")[2].strip()
    found = unit_command.environment(("NO_PROXY=unit",), (str(theirs), ours))
    assert found == {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "a.example,10.0.0.116,10.0.0.117"}
