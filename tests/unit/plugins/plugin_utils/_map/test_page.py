# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page, as far as it is seen without a browser; tests/browser opens it in one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import model, page
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.about import about
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs


def made(*given: Any, **more: Any) -> model.Model:
    lab = labs.lab(*given, **more)
    return model.build(lab, labs.views(lab), {}, "now")


@pytest.mark.parametrize("engine", ["cluster_store", "swarm", "vxlan"])
def test_sixteen_hosts_are_below_300_kb(engine: str) -> None:
    assert len(page.render(made(16, engine, networks=2, containers=3)).encode()) < 300_000


def test_the_policy_allows_this_script_and_these_styles_alone() -> None:
    text = page.render(made())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    # Attributes with styles would be refused.
    assert " style=" not in text
    assert "connect-src 'self'" in page.render(made(), live=True)


def test_nothing_is_loaded() -> None:
    text = page.render(made())
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["data:,"]
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text) == []


def test_names_of_the_lab_are_no_markup() -> None:
    found = made()
    found["lab"]["name"] = "</script><b>&"
    found["hosts"][0]["name"] = "</script><b>&"
    text = page.render(found)
    assert "</script><b>" not in text
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(data)["about"]["host:emon"]["title"] == "Host </script><b>&"


def test_everything_that_can_be_chosen_can_be_told_of() -> None:
    found = made(4, "swarm", networks=2, containers=3)
    told = about(found)
    assert set(re.findall(r'data-id="([^"]*)"', page.picture(found))) <= set(told)
    assert {element for link in found["links"] for element in link.values()} <= set(told)


def test_what_is_told() -> None:
    told = about(made())
    assert told["container:test1"] == {
        "title": "Container test1",
        "rows": [["state", "running for 10 min"], ["host", "emon"], ["demo", "eth0 10.200.0.2"]],
    }
    assert told["vxlan:emon/demo"]["rows"] == [
        ["network", "demo"],
        ["state", "up"],
        ["VNI", "256"],
        ["UDP port", "4789"],
        ["MTU", "1450"],
        ["floods to", "10.0.0.117"],
        ["namespace", "/var/run/docker/netns/1-0a0a0a0a0a"],
    ]
