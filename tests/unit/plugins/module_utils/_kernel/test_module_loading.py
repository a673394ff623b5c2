"""Loading and unloading of kernel modules, with the kernel's answers played: the real thing is tests/vm-test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import module_loading as loading


class FakeKernel:
    """Modules that can be loaded and unloaded, and the switches of br_netfilter in one namespace."""

    def __init__(self, tmp_path: Path, available: set[str], loaded: set[str]) -> None:
        self.available, self.loaded, self.in_use = available, loaded, set()
        self.switches = tmp_path / "bridge"
        self.directory = tmp_path / "module"
        self.commands: list[list[str]] = []

    def states(self) -> dict[str, str]:
        return {
            module.name: "loaded"
            if module.name in self.loaded
            else "available"
            if module.name in self.available
            else "built in"
            for module in loading.MODULES
        }

    def load(self, names: list[str]) -> None:
        for name in names:
            if name not in self.available:
                continue
            self.loaded.add(name)
            if name == "br_netfilter":
                self.switches.mkdir()
                self.directory.mkdir()
                for switch in loading._SWITCHES:
                    switch.write_text("1")

    def rmmod(self, name: str) -> int:
        if name not in self.loaded or name in self.in_use:
            return 1
        self.loaded.remove(name)
        return 0


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    fake = FakeKernel(tmp_path, {"br_netfilter", "ip_vs", "vxlan", "nf_nat"}, set())
    monkeypatch.setattr(loading, "_RECORD", tmp_path / "modules.json")
    monkeypatch.setattr(loading, "_DIRECTORY", fake.directory)
    monkeypatch.setattr(loading, "_SWITCHES", tuple(fake.switches / name for name in ("ip", "ip6", "arp")))
    monkeypatch.setattr(loading.Kernel, "states", lambda self: fake.states())
    monkeypatch.setattr(loading, "_loaded", lambda: set(fake.loaded))
    monkeypatch.setattr(loading, "_load", fake.load)
    # One namespace only, and no bridge in it.
    monkeypatch.setattr(loading, "_of_processes", list)
    monkeypatch.setattr(loading.kernel_netns, "names", list)
    monkeypatch.setattr(loading, "_has_bridge", lambda: False)

    class Done:
        def __init__(self, command, **_options):
            assert command[0] == "rmmod"
            self.returncode = fake.rmmod(command[1])

    monkeypatch.setattr(loading.programs, "run", Done)
    return fake


def record(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "modules.json").read_text())


def test_what_is_a_module_is_loaded_and_bridge_netfilter_switched_off(kernel, tmp_path):
    loading.prepare()
    assert kernel.loaded == {"br_netfilter", "ip_vs", "vxlan", "nf_nat"}
    assert [switch.read_text() for switch in loading._SWITCHES] == ["0", "0", "0"]
    assert record(tmp_path)["loaded"] == ["br_netfilter", "ip_vs", "nf_nat", "vxlan"]
    assert record(tmp_path)["quiet"] is True


def test_what_was_loaded_before_is_left_as_it_is(kernel, tmp_path):
    kernel.load(["br_netfilter"])
    loading.prepare()
    assert [switch.read_text() for switch in loading._SWITCHES] == ["1", "1", "1"]
    assert "br_netfilter" not in record(tmp_path)["loaded"]
    loading.release()
    assert "br_netfilter" in kernel.loaded


def test_a_run_that_was_killed_before_the_switches_were_off_is_completed(kernel, tmp_path):
    kernel.load(["br_netfilter"])
    loading.write_json(loading._RECORD, {"boot": loading.boot_id(), "loaded": ["br_netfilter"], "quiet": False})
    loading.prepare()
    assert [switch.read_text() for switch in loading._SWITCHES] == ["0", "0", "0"]


def test_the_record_of_another_boot_counts_for_nothing(kernel, tmp_path):
    kernel.load(["br_netfilter"])
    loading.write_json(loading._RECORD, {"boot": "former", "loaded": ["br_netfilter"], "quiet": False})
    loading.release()
    assert "br_netfilter" in kernel.loaded
    assert not loading._RECORD.exists()


def test_what_was_loaded_goes_but_no_kind_of_links(kernel):
    loading.os.close(loading.prepare())
    loading.release()
    assert kernel.loaded == {"vxlan"}
    assert not loading._RECORD.exists()


def test_a_host_that_runs_anywhere_keeps_all(kernel):
    held = loading.prepare()
    loading.release()
    assert "br_netfilter" in kernel.loaded
    loading.os.close(held)


def test_bridge_netfilter_that_somebody_switched_on_stays(kernel, monkeypatch):
    loading.os.close(loading.prepare())
    loading._SWITCHES[0].write_text("1")
    monkeypatch.setattr(loading, "_has_bridge", lambda: True)
    loading.release()
    assert kernel.loaded == {"br_netfilter", "vxlan"}


def test_what_the_kernel_says_is_in_use_stays(kernel):
    loading.os.close(loading.prepare())
    kernel.in_use = {"nf_nat"}
    loading.release()
    assert kernel.loaded == {"nf_nat", "vxlan"}


def test_a_needed_module_that_cannot_be_loaded_is_named(kernel, monkeypatch):
    monkeypatch.setattr(loading, "_load", lambda names: kernel.load([name for name in names if name != "vxlan"]))
    with pytest.raises(LabError, match="the kernel module vxlan cannot be loaded: modprobe vxlan says why"):
        loading.prepare()


def test_where_all_is_built_in_nothing_is_recorded(kernel):
    kernel.available = set()
    assert loading.prepare() is None
    assert not loading._RECORD.exists()
