"""What the lab made on a host is known by ids in its record."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record


@pytest.fixture
def record(tmp_path):
    return tmp_path / "state.json"


def test_a_kind_that_was_never_recorded_is_none(record):
    assert owned.of_kind("container", record) is None
    assert not owned.owns("container", "c1", record)


def test_things_are_claimed_in_addition(record):
    owned.claim("container", {"c1": {"name": "test1"}}, record)
    owned.claim("container", {"c2": {"name": "test2"}}, record)
    assert owned.of_kind("container", record) == {"c1": {"name": "test1"}, "c2": {"name": "test2"}}
    assert owned.owns("container", "c1", record)
    assert not owned.owns("network", "c1", record)


def test_a_kind_of_which_nothing_is_left_stays_known(record):
    owned.claim("network", {"n1": {}}, record)
    owned.release("network", {"n1", "never-there"}, record)
    assert owned.of_kind("network", record) == {}


def test_releasing_what_was_never_recorded_writes_nothing(record):
    owned.release("network", {"n1"}, record)
    assert not record.exists()


def test_a_forgotten_kind_leaves_no_record_behind(record):
    owned.claim("swarm", {"s1": {"node": "n1"}}, record)
    owned.forget("swarm", record)
    assert owned.of_kind("swarm", record) is None
    assert not record.exists()


def test_identity_and_other_sections_stay(record):
    host_record.update_identity({"lab": "emon"}, record)
    host_record.update("daemon", {"before": 1}, record)
    owned.claim("container", {"c1": {}}, record)
    assert host_record.read(record) == {
        "lab": "emon",
        "sections": {"daemon": {"before": 1}, "owned": {"container": {"c1": {}}}},
    }
