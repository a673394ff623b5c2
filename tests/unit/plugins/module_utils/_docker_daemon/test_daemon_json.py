# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon.daemon_json import (
    Owned,
    give_back,
    is_plain,
    merge,
    read,
    text_of,
    version_faults,
    write,
)

PATH = "/etc/docker/daemon.json"


@pytest.mark.parametrize("text", ["", " \n", "{}"])
def test_an_empty_file_has_no_settings(text: str) -> None:
    assert read(text, PATH) == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"debug": true,\n}', f"{PATH}: line 2 is not JSON"),
        ("[1]", f"{PATH}: holds no JSON object"),
        ('{"mtu": NaN}', f"{PATH}: is not JSON (NaN"),
        pytest.param('{"mtu": ' + "1" * 5000 + "}", f"{PATH}: is not JSON (Exceeds the limit", id="a long number"),
        pytest.param("[" * 100_000, f"{PATH}: is not JSON (", id="deep"),
    ],
)
def test_a_file_that_is_none_is_never_taken_for_empty(text: str, line: str) -> None:
    assert not is_plain(text)
    with pytest.raises(LabError) as caught:
        read(text, PATH)
    assert str(caught.value).startswith(line)
    assert str(caught.value).endswith("fix it first; it is not changed")


@pytest.mark.parametrize(
    ("content", "version", "settings"),
    [
        pytest.param(b'\xef\xbb\xbf{"debug": true}', "23.0.1", {"debug": True}, id="a BOM since 23"),
        pytest.param('{"debug": true}'.encode("utf-16"), "26.1.5+dfsg1", {"debug": True}, id="UTF-16 since 23"),
        pytest.param(b'{"debug": true}\n# ours\n{"debug": false}', "20.10.5", {"debug": True}, id="text after it"),
        pytest.param(b"\n \n", "26.1.5", {}, id="blank"),
    ],
)
def test_a_file_is_read_as_the_dockerd_that_is_there_reads_it(
    content: bytes, version: str, settings: dict[str, Any]
) -> None:
    assert read(text_of(content), PATH, version) == settings


@pytest.mark.parametrize(
    ("content", "version", "line"),
    [
        (
            b"\xef\xbb\xbf{}",
            "20.10.24",
            f"{PATH}: it begins with a byte order mark, which Docker 20.10.24",
        ),
        (b"\xef\xbb\xbf{}", "", f"{PATH}: it begins with a byte order mark, which Docker before 23 does not read"),
        (b"{}\n# ours", "23.0.1", f"{PATH}: line 2 is not JSON (Extra data)"),
        (b"{}\n# ours", "", f"{PATH}: line 2 is not JSON (Extra data)"),
        (b"\n{,}\n", "20.10.24", f"{PATH}: line 2 is not JSON"),
    ],
)
def test_what_the_dockerd_that_is_there_does_not_read_is_one_line(content: bytes, version: str, line: str) -> None:
    with pytest.raises(LabError) as caught:
        read(text_of(content), PATH, version)
    assert str(caught.value).startswith(line)
    assert str(caught.value).endswith("it is not changed")


def test_foreign_keys_survive_and_ours_are_remembered() -> None:
    made = merge({"debug": True}, {"labels": ["a=b"]}, {}, override=False, path=PATH)
    assert made.settings == {"debug": True, "labels": ["a=b"]}
    assert made.owned == {"labels": Owned(existed=False)}
    assert made.faults == []


def test_a_foreign_key_of_the_same_value_stays_foreign() -> None:
    made = merge({"debug": True}, {"debug": True}, {}, override=False, path=PATH)
    assert (made.owned, made.faults) == ({}, [])


def test_a_foreign_value_is_replaced_by_consent_only() -> None:
    refused = merge({"debug": True}, {"debug": False}, {}, override=False, path=PATH)
    assert refused.faults == [
        f"{PATH}: debug is true and not ours, wanted false: set override to true to replace it until the lab is removed"
    ]
    allowed = merge({"debug": True}, {"debug": False}, {}, override=True, path=PATH)
    assert (allowed.settings, allowed.owned, allowed.faults) == ({"debug": False}, {"debug": Owned(True, True)}, [])


def test_ours_may_change_and_a_key_that_is_no_longer_wanted_goes_back() -> None:
    owned = {"debug": Owned(True, True), "labels": Owned(False), "mtu": Owned(False)}
    existing = {"debug": False, "labels": ["a=b"], "mtu": 1400, "other": 1}
    made = merge(existing, {"mtu": 1500}, owned, override=False, path=PATH)
    assert made.settings == {"debug": True, "mtu": 1500, "other": 1}
    assert made.owned == {"mtu": Owned(False)}


def test_everything_goes_back() -> None:
    owned = {"debug": Owned(True, True), "labels": Owned(False)}
    assert give_back({"debug": False, "labels": ["a=b"], "other": 1}, owned) == {"debug": True, "other": 1}


@pytest.mark.parametrize(
    ("version", "refused"), [("20.10.24+dfsg1", False), ("19.03.8", False), ("23.0.1", True), ("26.1.5+dfsg1", True)]
)
def test_the_cluster_store_needs_a_docker_that_has_one(version: str, refused: bool) -> None:
    assert bool(version_faults({"cluster-store": "etcd://a"}, version)) == refused
    assert version_faults({"debug": True}, version) == []


def test_what_is_written_can_be_read() -> None:
    assert read(write({"b": 1, "a": [2]}), PATH) == {"b": 1, "a": [2]}
