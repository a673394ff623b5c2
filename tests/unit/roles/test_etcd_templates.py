# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role etcd writes, on the Debian and the Red Hat family."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from ansible.template import Templar, trust_as_template
from ansible_collections.emon.overlay_lab.plugins.filter.etcd import etcd_platform
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import FAMILIES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import traits

ROLE = Path(__file__).resolve().parents[3] / "roles/etcd"
VARS = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
GIVEN = {
    "inventory_hostname": "emon",
    "etcd_lab": "emon",
    "etcd_data_dir": "/var/lib/etcd/default.etcd",
    "etcd_token": "emon-etcd",
    "etcd_engine": "cluster_store",
    "etcd_tls": True,
    "etcd__scheme": "https",
    "etcd__address": "10.0.0.116",
    "etcd__tls_dir": "/etc/overlay-lab/etcd",
    "etcd__initial_peer_urls": "https://192.168.1.116:2380,https://10.0.0.116:2380",
    "etcd__initial_cluster": "emon=https://10.0.0.116:2380",
    "etcd__initial_state": "new",
}


def settings(**given: Any) -> dict[str, str]:
    """The variables of the rendered file, as systemd reads an EnvironmentFile."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    known = GIVEN | given
    assert VARS["etcd__v2"] == "{{ (etcd_engine | emon.overlay_lab.engine_traits).dockerd_store }}"
    known["etcd__v2"] = traits(known["etcd_engine"])["dockerd_store"]
    template = environment.from_string((ROLE / "templates/etcd.env.j2").read_text(encoding="utf-8"))
    lines = template.render(known).splitlines()
    assert lines[0] == "# Managed by emon.overlay_lab for the lab emon: the next run writes it again."
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    assert all(value.startswith('"') and value.endswith('"') for _, value in pairs)
    return {name: value.strip('"') for name, value in pairs}


def trusted(value: Any) -> Any:
    """Variables of a role's file, as Ansible templates them."""
    if isinstance(value, dict):
        return {key: trusted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [trusted(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) else value


@pytest.mark.parametrize(("name", "config"), [("Debian", "/etc/default/etcd"), ("RedHat", "/etc/etcd/etcd.conf")])
def test_families(name: str, config: str) -> None:
    assert VARS["etcd__platform"] == "{{ etcd_host_info.os_family | emon.overlay_lab.etcd_platform }}"
    platform = etcd_platform(name)
    assert platform == {"config": config, "unit": "etcd.service", "user": "etcd"}
    templar = Templar(loader=None, variables=trusted(VARS) | {"etcd__platform": platform})
    paths = templar.template(trusted("{{ etcd__paths }}"))
    assert [one["path"] for one in paths if not one["path"].startswith("/etc/overlay-lab/")] == [
        config,
        "/etc/systemd/system/etcd.service.d/overlay-lab.conf",
        "/etc/systemd/system/etcd.service.d/overlay-lab-data.conf",
    ]


def test_no_task_names_what_is_the_familys() -> None:
    own = {word for one in FAMILIES.values() for word in (one.etcd_unit, one.etcd_config)}
    for file in (ROLE / "tasks").glob("*.yml"):
        assert not [word for word in own if word in file.read_text(encoding="utf-8")], file


def test_the_tutorials_file() -> None:
    """Chapter 4.2 with plain http and one site, but for the client URL that is another machine to everyone else."""
    found = settings(
        etcd_tls=False,
        etcd__scheme="http",
        etcd_token="etcd-cluster",
        etcd__initial_peer_urls="http://10.0.0.116:2380",
        etcd__initial_cluster="emon=http://10.0.0.116:2380,emon2=http://10.0.0.117:2380",
    )
    assert found == {
        "ETCD_NAME": "emon",
        "ETCD_DATA_DIR": "/var/lib/etcd/default.etcd",
        "ETCD_WAL_DIR": "/var/lib/etcd/default.etcd/wal",
        "ETCD_LISTEN_PEER_URLS": "http://10.0.0.116:2380",
        "ETCD_LISTEN_CLIENT_URLS": "http://10.0.0.116:2379,http://localhost:2379",
        "ETCD_INITIAL_ADVERTISE_PEER_URLS": "http://10.0.0.116:2380",
        "ETCD_ADVERTISE_CLIENT_URLS": "http://10.0.0.116:2379",
        "ETCD_INITIAL_CLUSTER": "emon=http://10.0.0.116:2380,emon2=http://10.0.0.117:2380",
        "ETCD_INITIAL_CLUSTER_TOKEN": "etcd-cluster",
        "ETCD_INITIAL_CLUSTER_STATE": "new",
        "ETCD_ENABLE_V2": "true",
    }


def test_mutual_tls_is_on_for_clients_and_peers() -> None:
    found = settings()
    assert found["ETCD_CLIENT_CERT_AUTH"] == found["ETCD_PEER_CLIENT_CERT_AUTH"] == "true"
    directory = "/etc/overlay-lab/etcd"
    assert {name: value for name, value in found.items() if name.endswith("_FILE")} == {
        "ETCD_CERT_FILE": f"{directory}/server.crt",
        "ETCD_KEY_FILE": f"{directory}/server.key",
        "ETCD_TRUSTED_CA_FILE": f"{directory}/ca.crt",
        "ETCD_PEER_CERT_FILE": f"{directory}/peer.crt",
        "ETCD_PEER_KEY_FILE": f"{directory}/peer.key",
        "ETCD_PEER_TRUSTED_CA_FILE": f"{directory}/peer-ca.crt",
    }
    assert not [value for value in found.values() if value.startswith("http:")]


@pytest.mark.parametrize("engine", ["swarm", "vxlan"])
def test_the_v2_api_is_on_for_the_cluster_store_alone(engine: str) -> None:
    assert "ETCD_ENABLE_V2" not in settings(etcd_engine=engine)


@pytest.mark.parametrize(
    ("held", "starts"),
    [
        pytest.param(["wal/0.wal"], True, id="where the lab has the log"),
        pytest.param(["member/wal/0.wal"], True, id="where etcd has it of itself"),
        pytest.param([], False, id="nothing"),
        pytest.param(["member/snap/db"], False, id="what a start without data leaves"),
        pytest.param(["wal/0.tmp"], False, id="a log that was never complete"),
    ],
)
def test_a_member_starts_with_its_data_only(tmp_path: Path, held: list[str], starts: bool) -> None:
    data = tmp_path / "a member's data"
    for name in held:
        (data / name).parent.mkdir(parents=True)
        (data / name).write_bytes(b"")
    template = (ROLE / "templates/overlay-lab-data.conf.j2").read_text(encoding="utf-8")
    written = (
        jinja2.Environment(undefined=jinja2.StrictUndefined)
        .from_string(template)
        .render(GIVEN | {"etcd_data_dir": data})
    )
    command = next(line.partition("=")[2] for line in written.splitlines() if line.startswith("ExecStartPre="))
    # As systemd takes it apart (systemd.service(5)).
    done = subprocess.run(shlex.split(command.replace("$$", "$")), capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is starts
    assert done.stderr == (
        ""
        if starts
        else f"the data of this member is gone ({data}), and it does not start without: mount its disk, if it lies on"
        " one, or run playbooks/overlay.yml\n"
    )
