# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role overlay_network writes for the engine vxlan."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import jinja2
import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.plan import plan

ROLE = Path(__file__).resolve().parents[3] / "roles/overlay_network"
VARS = yaml.safe_load((ROLE / "vars/main/vxlan.yml").read_text(encoding="utf-8"))
LAB = {
    "name": "emon",
    "site": "company",
    "hosts": {
        "emon": {"addresses": {"company": "10.0.0.116"}, "index": 1},
        "emon2": {"addresses": {"company": "10.0.0.117"}, "index": 2},
    },
    "networks": [{"name": "demo", "subnet": "10.200.0.0/24", "mtu": 1450, "allow_overlap": False}],
    "containers": [
        {"name": "test1", "host": "emon", "networks": [{"name": "demo", "ipv4_address": "", "aliases": ["web"]}]},
        {"name": "test2", "host": "emon2", "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}]},
    ],
}
TEMPLATES = sorted(path.name for path in (ROLE / "templates/vxlan").iterdir())


def rendered(template: str, **lab: object) -> list[str]:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    text = environment.from_string((ROLE / "templates/vxlan" / template).read_text(encoding="utf-8")).render(
        overlay_network_lab="emon", overlay_network__vxlan=plan({**LAB, **lab}, "emon")
    )
    assert text.endswith("\n")
    return text.splitlines()


def said(template: str, **lab: object) -> list[str]:
    return [line for line in rendered(template, **lab) if line and not line.startswith("#")]


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_file_says_whose_it_is(template: str) -> None:
    assert rendered(template)[0] == "# Managed by emon.overlay_lab for the lab emon: the next run writes it again."


def test_each_template_has_its_path() -> None:
    files = VARS["overlay_network__vxlan_files"]
    assert sorted(re.findall(r"'vxlan/([^']+)'", one["content"])[0] for one in files) == TEMPLATES
    assert len({one["path"] for one in files}) == len(TEMPLATES)


def test_names() -> None:
    assert said("hosts.j2") == ["10.200.0.2 test1 web", "10.200.0.3 test2"]
    assert said("servers.j2") == [
        line for name in ("test1", "web", "test2") for line in (f"server=/{name}/", f"server=/*.{name}/#")
    ]


def test_the_resolver_answers_on_its_bridges_alone() -> None:
    (bridge,) = (one["master"] for one in plan(LAB, "emon")["topology"]["vxlans"])
    lines = said("dnsmasq.conf.j2")
    # dnsmasq takes what arrives by an interface, or for an address: an address alone is reached from the underlay, too.
    assert lines[:3] == ["bind-dynamic", "except-interface=lo", f"interface={bridge}"]
    assert not [line for line in lines if line.startswith("listen-address")]
    # Without an interface it would listen on all of them.
    assert said("dnsmasq.conf.j2", networks=[], containers=[])[:3] == ["bind-dynamic", "except-interface=lo", "port=0"]


FAKE = """\
ip() { echo "ip $*"; return $STATUS; }
bridge() { echo "bridge $*"; }
"""


@pytest.mark.parametrize("status", [0, 1])
def test_the_script_makes_each_vxlan_and_tells_what_fails(tmp_path: Path, status: int) -> None:
    script = tmp_path / "ports"
    script.write_text(FAKE + "\n".join(rendered("ports.j2")), encoding="utf-8")
    done = subprocess.run(
        ["/bin/sh", script], env={"STATUS": str(status), "PATH": ""}, capture_output=True, text=True, check=False
    )
    link, group = plan(LAB, "emon")["topology"]["vxlans"][0], plan(LAB, "emon")["group"]
    assert done.returncode == status
    assert done.stdout.splitlines() == [
        f"ip link add {link['name']} address {link['mac']} mtu 1450 group {group} type vxlan id {link['vni']}"
        " local 10.0.0.116 dstport 14789 learning",
        f"ip link set {link['name']} master {link['master']} up",
        f"bridge fdb append 00:00:00:00:00:00 dev {link['name']} dst 10.0.0.117",
    ]
