# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a container runs: environment, volumes, limits, health check, as Docker's API has them, and compared with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import apply as container_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import (
    capabilities,
    container_set,
    environment,
    healthcheck,
    limits,
    volumes,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.entries import specs
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker

pytestmark = pytest.mark.usefixtures("quick")
WEB: dict[str, Any] = {"name": "web", "image": "busybox:lab"}
SECRET = "sesame-7431"


@pytest.fixture
def docker() -> FakeDocker:
    made = FakeDocker()
    made.images["busybox:lab"]["Config"] = {"Env": ["PATH=/bin"], "User": "nobody"}
    return made


def run(docker: FakeDocker, secrets: dict[str, str] | None = None, **given: Any) -> list[str]:
    """What differed, a line each; the plan before and the apply after it must tell the same."""
    entry = {**WEB, **given}
    if secrets is not None:
        entry["secret_env"] = sorted(secrets)
    plan = container_set.plan(docker, specs([entry], {"web": secrets or {}}))
    container_set.apply(docker, plan)
    if plan.differences.changed:
        # Docker adds what the image has.
        live = docker.container("web")["Config"]
        wanted = environment.of_api(live.get("Env"))
        live["Env"] = environment.to_api({"PATH": "/bin"} | wanted)
        live["User"] = live.get("User") or "nobody"
    return [line.removeprefix("container web: ") for line in plan.differences.lines]


def test_a_container_that_asks_for_nothing_keeps_the_digest_that_it_always_had() -> None:
    spec = specs([WEB])[0]
    assert not {"Env", "User", "Entrypoint", "Healthcheck"} & spec.fixed.keys()
    assert not {"Binds", "Memory", "NanoCpus"} & spec.fixed["HostConfig"].keys()


def test_the_api_gets_everything() -> None:
    spec = specs(
        [
            {
                **WEB,
                "env": {"B": 2, "A": "x=y", "C": True},
                "secret_env": ["PASSWORD"],
                "volumes": ["data:/data", "/srv:/srv:ro"],
                "entrypoint": "sh -c",
                "user": "1000:1000",
                "memory": "64m",
                "cpus": "0.5",
                "healthcheck": {"test": "true", "interval": "1m30s", "retries": 2},
            }
        ],
        {"web": {"PASSWORD": SECRET}},
    )[0]
    api = spec.to_api()
    assert api["Env"] == ["A=x=y", "B=2", "C=true", f"PASSWORD={SECRET}"]
    assert api["Entrypoint"] == ["sh", "-c"]
    assert api["User"] == "1000:1000"
    assert api["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 90 * 10**9, "Retries": 2}
    host = api["HostConfig"]
    assert (host["Binds"], host["Memory"], host["NanoCpus"]) == (["data:/data", "/srv:/srv:ro"], 64 << 20, 500_000_000)
    assert api["Labels"][environment.SECRETS_LABEL] == "PASSWORD"
    assert SECRET not in json.dumps([spec.fixed, spec.digest])


@pytest.mark.parametrize(
    ("given", "then", "lines"),
    [
        ({}, {"env": {"A": "1"}}, ["env[A]: absent -> 1"]),
        ({"env": {"A": "1"}}, {"env": {"A": "2"}}, ["env[A]: 1 -> 2"]),
        ({"env": {"A": "1"}}, {}, ["env[A]: 1 -> absent"]),
        ({"env": {"PATH": "/sbin"}}, {}, ["env[PATH]: /sbin -> /bin"]),
        ({}, {"user": "root"}, ["user: nobody -> root"]),
        ({"user": "root"}, {}, ["user: root -> nobody"]),
        ({}, {"volumes": ["data:/data"]}, ["volumes: absent -> data:/data"]),
        ({"volumes": ["data:/data"]}, {"volumes": ["data:/data:ro"]}, ["volumes: data:/data -> data:/data:ro"]),
        ({"memory": "8m"}, {"memory": "16m"}, ["memory: 8388608 -> 16777216"]),
        ({"cpus": "1"}, {}, ["cpus: 1000000000 -> absent"]),
        ({"entrypoint": "sh"}, {"entrypoint": ["sh", "-e"]}, ["entrypoint: sh -> sh, -e"]),
        ({}, {"healthcheck": {"test": "true"}}, ["healthcheck: absent -> {'Test': ['CMD-SHELL', 'true']}"]),
    ],
)
def test_what_differs_is_told_and_made_anew_once(
    docker: FakeDocker, given: dict[str, Any], then: dict[str, Any], lines: list[str]
) -> None:
    run(docker, **given)
    first = docker.container("web")["Id"]
    assert run(docker, **given) == []
    assert run(docker, **then) == lines
    assert docker.container("web")["Id"] != first
    assert run(docker, **then) == []


def test_limits_that_somebody_changed_are_put_back(docker: FakeDocker) -> None:
    run(docker, memory="8m")
    docker.container("web")["HostConfig"]["Memory"] = 1
    assert run(docker, memory="8m") == ["memory: 1 -> 8388608"]


def test_a_secret_is_compared_and_never_told(docker: FakeDocker) -> None:
    told = [
        run(docker, {"PASSWORD": SECRET}),
        run(docker, {"PASSWORD": SECRET}),
        run(docker, {"PASSWORD": f"{SECRET}-2"}),
    ]
    assert told[1:] == [[], ["env[PASSWORD]: (a secret) -> (another secret)"]]
    assert f"PASSWORD={SECRET}-2" in docker.container("web")["Config"]["Env"]
    # It becomes a plain one, and is gone in the end: its former value is a secret still.
    told.append(run(docker, env={"PASSWORD": "plain"}))
    assert "env[PASSWORD]: (a secret) -> plain" in told[-1]
    told.append(run(docker, {"PASSWORD": SECRET}))
    told.append(run(docker))
    assert "env[PASSWORD]: (a secret) -> absent" in told[-1]
    assert SECRET not in json.dumps(told)


def test_a_host_that_does_not_know_a_secret_keeps_the_container_and_makes_none(docker: FakeDocker) -> None:
    run(docker, {"PASSWORD": SECRET})
    entry = {**WEB, "secret_env": ["PASSWORD"]}
    assert not container_set.plan(docker, specs([entry])).differences.changed
    docker.remove_container("web", v=False, force=True)
    with pytest.raises(LabError, match="the value of PASSWORD is a secret that this host was not told"):
        container_set.plan(docker, specs([entry]))


def test_the_last_words_of_a_container_are_not_told_where_they_hold_a_secret(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.exit_code = 1
    monkeypatch.setattr(docker, "logs", lambda *_id, **_tail: f"no user {SECRET}".encode(), raising=False)
    spec = specs([{**WEB, "secret_env": ["PASSWORD"]}], {"web": {"PASSWORD": SECRET}})[0]
    with pytest.raises(LabError, match=r"exit code 1: \(it holds a secret\)"):
        container_apply.apply(docker, container_plan.plan(docker, spec))


def test_secrets_travel_as_one_text() -> None:
    secrets = {"web": {"PASSWORD": "1"}}
    assert environment.unpacked(environment.packed(secrets)) == secrets
    assert environment.packed({}) == ""
    assert environment.unpacked("") == {}
    with pytest.raises(LabError, match="is not what the filter container_secrets returned"):
        environment.unpacked("{}")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"env": {"9X": "1"}}, "env: '9X' is no name of a variable"),
        ({"env": {"X": None}}, "env[X]: has no value: write text"),
        ({"env": {"X": "1"}, "secret_env": ["X"]}, "secret_env: X is in env as well"),
        ({"volumes": ["data"]}, "volumes: 'data' is no volume"),
        ({"volumes": ["./data:/data"]}, "volumes: './data:/data' is no volume"),
        ({"volumes": ["/a/../b:/data"]}, "has '..' in a path"),
        ({"volumes": ["data:/"]}, "cannot take the place of the container's root"),
        ({"volumes": ["aa:/data", "bb:/data/"]}, "volumes: bb:/data/: aa is mounted at /data already"),
        ({"memory": "lots"}, "memory: lots is no size"),
        ({"memory": "4m"}, "memory: 4m is too little"),
        ({"cpus": "0"}, "cpus: 0 is no number of processors"),
        ({"cpus": "1e3"}, "cpus: 1e3 is no number of processors"),
        ({"healthcheck": {"interval": "1s"}}, "healthcheck: test None is no check"),
        ({"healthcheck": {"test": ["true"]}}, "healthcheck: test ['true'] is no check"),
        ({"healthcheck": {"test": "true", "interval": "5"}}, "healthcheck: interval 5 is no duration"),
        ({"healthcheck": {"test": "true", "retries": 0}}, "healthcheck: retries 0 is none"),
        ({"capabilities": ["NET_ADMI"]}, "capabilities: NET_ADMI is no capability: did you mean NET_ADMIN?"),
        ({"entrypoint": "sh -c 'x"}, "entrypoint: No closing quotation"),
        ({"depends_on": [{"name": "web"}]}, "depends_on: it cannot wait for itself"),
        ({"labels": {environment.SECRETS_LABEL: "x"}}, "is the module's own"),
    ],
)
def test_what_is_wrong_is_one_line(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(LabError) as caught:
        specs([{**WEB, **given}])
    assert len(caught.value.faults) == 1
    assert fault in caught.value.faults[0]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1ms", 10**6), ("1.5s", 1_500_000_000), ("1m30s", 90 * 10**9), ("1h", 3600 * 10**9), ("", 0), ("1", 0), ("s", 0)],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert healthcheck.nanoseconds(text) == nanoseconds


def test_other_options_in_dockers_words() -> None:
    faults: list[str] = []
    assert limits.memory("1gb", faults) == 1 << 30
    assert limits.memory(None, faults) == limits.nano_cpus(None, faults) == 0
    assert capabilities.parse(["all", "cap_net_raw", "CHOWN"], "cap_add", faults) == ["ALL", "CAP_CHOWN", "CAP_NET_RAW"]
    assert healthcheck.parse({"disable": True}, faults) == {"Test": ["NONE"]}
    assert volumes.parse(None, faults) == faults == []


def test_a_limit_that_the_host_cannot_keep_is_a_fault_before_anything_is_made(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "info", lambda: {"MemoryLimit": False, "CpuCfsQuota": False}, raising=False)
    with pytest.raises(LabError) as caught:
        run(docker, memory="8m", cpus="1")
    assert [line.partition(",")[0] for line in caught.value.faults] == [
        "container web: memory: the kernel of this host",
        "container web: cpus: the kernel of this host",
    ]
    assert docker.calls == []
