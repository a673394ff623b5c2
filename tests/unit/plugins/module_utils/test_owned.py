"""What the lab made on a host is known by ids in its record."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _host_record, _owned


@pytest.fixture
def record(tmp_path):
    return tmp_path / "state.json"


def test_a_kind_that_was_never_recorded_is_none(record):
    assert _owned.of_kind("container", record) is None
    assert not _owned.owns("container", "c1", record)


def test_things_are_claimed_in_addition(record):
    _owned.claim("container", {"c1": {"name": "test1"}}, record)
    _owned.claim("container", {"c2": {"name": "test2"}}, record)
    assert _owned.of_kind("container", record) == {"c1": {"name": "test1"}, "c2": {"name": "test2"}}
    assert _owned.owns("container", "c1", record)
    assert not _owned.owns("network", "c1", record)


def test_a_kind_of_which_nothing_is_left_stays_known(record):
    _owned.claim("network", {"n1": {}}, record)
    _owned.release("network", {"n1", "never-there"}, record)
    assert _owned.of_kind("network", record) == {}


def test_releasing_what_was_never_recorded_writes_nothing(record):
    _owned.release("network", {"n1"}, record)
    assert not record.exists()


def test_a_forgotten_kind_leaves_no_record_behind(record):
    _owned.claim("swarm", {"s1": {"node": "n1"}}, record)
    _owned.forget("swarm", record)
    assert _owned.of_kind("swarm", record) is None
    assert not record.exists()


def test_identity_and_other_sections_stay(record):
    _host_record.update_identity({"lab": "emon"}, record)
    _host_record.update("daemon", {"before": 1}, record)
    _owned.claim("container", {"c1": {}}, record)
    assert _host_record.read(record) == {
        "lab": "emon",
        "sections": {"daemon": {"before": 1}, "owned": {"container": {"c1": {}}}},
    }
