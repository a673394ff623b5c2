# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema of lab files and their reader: the same verdict on the same files."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.filter.containers import container_options
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.entries import specs
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load, read
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.schema import schema
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.variables import lab_variables
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.yaml_document import root
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.yaml_nodes import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROLE = {"image": "busybox", "command": ["sh"], "restart_policy": "no", "lab": "emon"}
ROOT = Path(__file__).parents[5]
SCHEMA = schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
# Good in one place and bad in others: what a pattern takes is found by the pattern itself.
TEXTS = """
    emon emon2 home company demo test1 web client-s2 a A-b under_score x. .x -x localhost all lo bridge underlay lab
    10.0.0.1 10.0.0.300 1.2.3 01.2.3.4 10.200.0.0/24 10.200.0.1/24 192.168.1.0/33 10.0.0.0 10.0.0.0/255.0.0.0
    auto swarm vxlan etcd on-failure always no unless-stopped busybox BusyBox registry.example:5000/team/app:1.2 a:b:c
    NAME NAME=value NAME= =value 9X=1 NAME-2 data:/data data:/data:ro /srv:/srv /srv ./x:/y data:/../etc d:/data:rw,z
    80 8080:80 127.0.0.1:8080:80/udp 70000:80 80/icmp 8000-8002:80-82 64m 1g 0m 10 1.5g 30s 1m30s 500ms 30 s root
    1000:1000 root:root:root NET_ADMIN cap_net_raw ALL NET-ADMIN net.core.somaxconn kernel.hostname kernel.sem
    vm.swappiness
    service_started service_healthy CMD-SHELL true open refused none tier emon.overlay_lab.lab app/tier web.env
    ../web.env /etc/passwd sub/dir/x.env x/../y store:8000 10.0.0.9:22 ansible_user -oProxyCommand=x {{x}}
    ssh sudo python3 ~/.ssh/id
""".split()
ODD = ["", " ", "a b", "a\nb", "emon\n", "é", "\t", "on", "1.10", "0x10", "2022-03-15", "NAME=a\nb", "~", "x" * 64]
JUNK = [None, True, False, 0, 1, -1, 7, 576, 1300, 70000, 0.5, 2.5, -0.5, [], {}, [None], [{}], ["demo"], {"a": "b"}]


def fitting(wanted: dict[str, Any]) -> list[str]:
    reserved = tuple(wanted.get("not", {}).get("enum", ()))
    return _fitting(wanted.get("pattern", ""), wanted.get("maxLength", 10**6), reserved)


@cache
def _fitting(pattern: str, longest: int, reserved: tuple[str, ...]) -> list[str]:
    texts = [text for text in [*TEXTS, *ODD] if len(text) <= longest and re.search(pattern, text)]
    return [text for text in texts if text not in reserved] or ["x"]


def value(dice: Random, wanted: dict[str, Any]) -> Any:
    """Mostly what the schema takes, now and then anything."""
    whim = dice.randrange(400)
    if whim < 3:
        return dice.choice(JUNK if whim else [*TEXTS, *ODD])
    if "anyOf" in wanted:
        return value(dice, dice.choice(wanted["anyOf"]))
    if "enum" in wanted:
        return dice.choice(wanted["enum"])
    kinds = wanted["type"] if isinstance(wanted["type"], list) else [wanted["type"]]
    return of_kind(dice, wanted, dice.choice([one for one in kinds if one != "null"]))


def of_kind(dice: Random, wanted: dict[str, Any], kind: str) -> Any:
    if kind == "object":
        return mapping(dice, wanted)
    if kind == "array":
        return [value(dice, wanted["items"]) for _ in range(dice.choice([0, *[1] * 20, *[2] * 20]))]
    if kind == "integer":
        low, high = wanted["minimum"], wanted.get("maximum", 10**6)
        return dice.choice([*[low, low + 1, high] * 20, low - 1, high + 1])
    scalars: dict[str, list[Any]] = {
        "number": [*[0.01, 0.25, 1.5, 2, 4096] * 10, 0.001, 5000, -1],
        "boolean": [True, False],
    }
    return dice.choice(scalars.get(kind) or fitting(wanted))


def mapping(dice: Random, wanted: dict[str, Any]) -> dict[str, Any]:
    known = wanted.get("properties")
    if known is None:
        keys = fitting(wanted.get("propertyNames", {"pattern": r"\S"})) if dice.randrange(100) else TEXTS
        return {key: value(dice, wanted["additionalProperties"]) for key in dice.choices(keys, k=dice.choice([1, 2]))}
    one_of = [each["required"][0] for each in wanted.get("oneOf", ())]
    others = [key for key in known if key not in one_of]
    chosen = [key for key in wanted.get("required", []) if dice.randrange(200)]
    chosen += dice.choices(others, k=dice.randrange(4))
    if one_of:
        chosen += dice.choice([*[one_of[:1], one_of[1:]] * 40, [], one_of])
    found = {key: value(dice, known[key]) for key in dict.fromkeys(chosen)}
    if not dice.randrange(200):
        found[dice.choice(TEXTS)] = dice.choice(JUNK)
    return found


def refused(document: Any) -> list[str]:
    """What the reader refuses of single values."""
    faults: list[str] = []
    try:
        read(root(yaml.safe_dump(document, allow_unicode=True), faults))
    except LabError as error:
        faults.extend(map(Shape, error.faults))
    return [fault for fault in faults if isinstance(fault, Shape)]


verdicts: dict[bool, int] = {True: 0, False: 0}


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def same_verdict(seed: int) -> None:
    document = mapping(Random(seed), SCHEMA)
    faults = refused(document)
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    assert bool(faults) == bool(errors), f"{yaml.safe_dump(document)}\nreader: {faults}\nschema: {errors}"
    verdicts[not errors] += 1


def test_reader_and_schema_give_2000_files_the_same_verdict() -> None:
    same_verdict()
    # Neither kind of file is rare, or nothing was tried.
    assert min(verdicts.values()) > 400, verdicts


CONTAINER = SCHEMA["properties"]["containers"]["items"]["properties"]
LAB = {
    "name": "emon",
    "sites": {"home": {"subnet": "192.168.1.0/24"}},
    "hosts": {"emon": {"addresses": {"home": "192.168.1.116"}}},
    "networks": [{"name": "demo", "subnet": "10.200.0.0/24"}],
}


def test_reader_and_schema_agree_on_replicas_and_what_both_take_is_made() -> None:
    """In files that are right but for that: of the 2000, few have any."""
    dice, valid, taken = Random(2), {True: 0, False: 0}, 0
    hosts = {f"h{n}": {"addresses": {"home": f"192.168.1.{n}"}} for n in range(1, 4)}
    networks = [{"name": "demo", "subnet": "10.200.0.0/16"}]
    for _ in range(600):
        on = [
            {"host": dice.choice(["h1", "h9"])},
            {"hosts": dice.choice(["all", "any", [], ["h3", "h1"], ["h2", "h2"], {}])},
        ]
        chosen = dice.choice([on[0], on[1], on[1], on[1], {}, on[0] | on[1]])
        count = dice.choice([0, 1, 2, 7, 1000, 1001, "2", 2.5, None, True, [2], 3, 4])
        container = {"name": "web", "networks": ["demo"], "replicas": count, **chosen}
        document = {**LAB, "hosts": hosts, "networks": networks, "containers": [container]}
        errors = [error.message for error in VALIDATOR.iter_errors(document)]
        assert bool(refused(document)) == bool(errors), f"{container}\nschema: {errors}"
        valid[not errors] += 1
        try:
            containers = load(yaml.safe_dump(document)).containers
        except LabError:
            continue
        assert not errors
        if count is not None:
            assert [one.name for one in containers] == [f"web-{n}" for n in range(1, count + 1)]
        taken += 1
    assert min(*valid.values(), taken) > 50, (valid, taken)


def test_what_the_reader_takes_of_a_container_the_module_takes_as_well() -> None:
    dice, taken = Random(1), 0
    keys = sorted({*CONTAINER} - {"host", "hosts", "networks", "env_file", "depends_on"})
    for _ in range(1000):
        container = {key: value(dice, CONTAINER[key]) for key in dice.sample(keys, 3)}
        container |= {"name": container.get("name", "web"), "host": "emon", "networks": ["demo"]}
        try:
            lab = load(yaml.safe_dump({**LAB, "containers": [container]}, allow_unicode=True))
        except LabError:
            continue
        found = lab_variables(lab, "home", True, "bookworm")["lab_containers"]
        assert specs(container_options(found, "emon", ROLE))
        taken += 1
    assert taken > 200


@pytest.mark.parametrize("file", sorted((ROOT / "labs").glob("*.yml")), ids=lambda file: file.name)
def test_every_lab_here_is_valid(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    load(text)
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


def test_the_file_for_editors_is_the_present_one() -> None:
    written = (ROOT / "labs/schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == SCHEMA, "write it again: tools/lab-schema >labs/schema.json"


def test_it_is_a_schema_without_a_place_that_takes_anything() -> None:
    VALIDATOR.check_schema(SCHEMA)
    assert not list(empty(SCHEMA, ""))


def empty(part: Any, place: str) -> Any:
    """Places of which the reader asked nothing: a reader that a probe does not understand."""
    if isinstance(part, dict):
        for name, one in part.get("properties", {}).items():
            if not one:
                yield f"{place}.{name}"
            yield from empty(one, f"{place}.{name}")
        for word in ("items", "additionalProperties"):
            if part.get(word) in ({}, True):
                yield f"{place} {word}"
            yield from empty(part.get(word), f"{place} {word}")
        for number, one in enumerate(part.get("anyOf", [])):
            yield from empty(one, f"{place} {number}")
