"""What runs on managed hosts runs on Python 3.9."""

from __future__ import annotations

import ast
import asyncio
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import deadline
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import python_floor

_SCRIPT = Path(__file__).parent.parent / "check_python.py"
_SPEC = spec_from_file_location("check_python", _SCRIPT)
check = module_from_spec(_SPEC)
_SPEC.loader.exec_module(check)


@pytest.mark.parametrize("path", check.files(), ids=lambda path: str(path.relative_to(_SCRIPT.parent.parent)))
def test_no_file_means_something_else_there(path):
    assert check.faults(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Address = IPv4Address | ipaddress.IPv6Address", "is evaluated"),
        ("isinstance(a, int | str)", "is evaluated"),
        ("Run = Callable[[str], str | None]", "is evaluated"),
        ("cast(dict[str, int] | None, a)", "is evaluated"),
        ("b = path.parents[:2]", "Path.parents"),
        ("try: a()\nexcept TimeoutError: b()", "socket.timeout"),
        ("isinstance(error, TimeoutError)", "socket.timeout"),
        ("try: a()\nexcept asyncio.TimeoutError: b()", "asyncio.TimeoutError"),
        ("class A:\n    heard: asyncio.Event = field(default_factory=asyncio.Event)", "bound to a loop"),
    ],
)
def test_what_is_found(text, words):
    assert [what for _line, what in check.faults(ast.parse(text)) if words in what]


@pytest.mark.parametrize(
    "text",
    [
        "def a(b: int | None) -> str | None: ...",
        "a: dict[str, int | None] = {}",
        "flags = rtnetlink.F_CREATE | rtnetlink.F_REPLACE",
        "known = {'a': 1} | dict.fromkeys(names)",
        "b = list(path.parents)[:2]",
        "isinstance(error, (TimeoutError, socket.timeout))",
        "async def a():\n    slots = asyncio.Semaphore(2)",
    ],
)
def test_what_is_well(text):
    assert check.faults(ast.parse(text)) == []


@pytest.mark.parametrize("within", [deadline.until, deadline.within])
class TestDeadline:
    def test_a_body_that_ends_in_time(self, within):
        async def body():
            async with within(5):
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            return "done"

        assert asyncio.run(body()) == "done"

    def test_a_body_that_does_not(self, within):
        async def body():
            async with within(0.01):
                await asyncio.sleep(5)

        with pytest.raises(TimeoutError):
            asyncio.run(body())

    def test_an_error_of_the_body_and_a_cancellation_from_outside_stay_what_they_are(self, within):
        async def refused():
            async with within(5):
                raise ConnectionRefusedError

        async def cancelled():
            async def waits():
                async with within(5):
                    await asyncio.sleep(5)

            task = asyncio.create_task(waits())
            await asyncio.sleep(0)
            task.cancel()
            await task

        with pytest.raises(ConnectionRefusedError):
            asyncio.run(refused())
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled())

    def test_the_outer_deadline_holds_where_both_end_together(self, within):
        async def body():
            async with within(0.02):
                while True:
                    try:
                        async with within(0.02):
                            await asyncio.sleep(5)
                    except TimeoutError:
                        continue

        begun = asyncio.new_event_loop().time()
        with pytest.raises(TimeoutError):
            asyncio.run(body())
        assert asyncio.new_event_loop().time() - begun < 2


def test_a_newer_python_uses_its_own():
    assert (deadline.within is deadline.until) == (sys.version_info < (3, 11))


@pytest.mark.parametrize("page", ["docs/install.md", "docs/hosts.md", "meta/runtime.yml"])
def test_users_read_what_is_asked_of_hosts(page):
    """By what a run refuses, and by what ansible-test takes for the floor."""
    root = _SCRIPT.parent.parent
    oldest = ">=" + ".".join(map(str, python_floor._OLDEST))
    known = yaml.safe_load((root / "tests/config.yml").read_text(encoding="utf-8"))
    assert known["modules"]["python_requires"] == oldest
    said = re.findall(r'(?:requires_python|python_requires): "(.+?)"', (root / page).read_text(encoding="utf-8"))
    assert said == [oldest]
    floor = re.findall(r"--target=(.+?)-", _SCRIPT.read_text(encoding="utf-8"))
    assert [f">={one}" for one in floor] == [oldest]
