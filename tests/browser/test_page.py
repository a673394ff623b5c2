# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of `make map` in a real browser: clicked, and used by keyboard alone. No request leaves it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import model, page
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.live import Follower, Server
from ansible_collections.emon.overlay_lab.tests.browser.webdriver import (
    DOWN,
    ENTER,
    ESCAPE,
    RIGHT,
    TAB,
    Browser,
    browser,
)
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs, traces, ways

# Where screenshots go, for who wants to look at them.
PICTURES = os.environ.get("OVERLAY_LAB_SCREENSHOTS")
FIRST_HOST = '[data-id="host:emon"]'


def made(hosts: int = 2, engine: str = "cluster_store", sick: bool = False) -> model.Model:
    lab = labs.lab(hosts, engine, networks=2, containers=3)
    views, silent = labs.views(lab), {}
    if sick:
        views["emon2"]["networks"][0]["vxlans"][0]["up"] = False
        views["emon2"]["containers"][0].update(running=False, started=None, interfaces=[])
    if sick and hosts > 3:
        del views["emon4"]
        silent["emon4"] = "No route to host"
    return model.build(lab, views, silent, "2026-11-22 11:10 UTC")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def keep(chromium: Browser, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        chromium.screenshot(Path(PICTURES) / f"{name}.png")


class Shown:
    """A map in the browser."""

    def __init__(self, chromium: Browser, path: Path, found: model.Model) -> None:
        self.browser, self.model = chromium, found
        path.write_text(page.render(found), encoding="utf-8")
        self.url = path.as_uri()
        chromium.prefer("light")
        chromium.requested()
        chromium.open(self.url)

    def choose(self, *elements: str) -> None:
        for element in elements:
            self.browser.click(f'[data-id="{element}"]')

    def lit(self) -> set[str]:
        script = "return [...document.querySelectorAll('#picture .on[data-id]')].map(e => e.dataset.id)"
        return set(self.browser.run(script))

    @property
    def milliseconds(self) -> float:
        """Until it was drawn."""
        return float(self.browser.run("return performance.getEntriesByType('navigation')[0].domComplete"))

    @property
    def details(self) -> str:
        return self.browser.text("#details")

    @property
    def focused(self) -> str:
        return str(self.browser.run("return document.activeElement.dataset.id ?? ''"))


@pytest.fixture
def shown(chromium: Browser, tmp_path: Path) -> Shown:
    return Shown(chromium, tmp_path / "map.html", made(4, sick=True))


def drawn(elements: list[str]) -> set[str]:
    """An interface is a line in its container."""
    return {element for element in elements if not element.startswith("interface:")}


def test_two_containers_show_the_way_between_them(shown: Shown) -> None:
    shown.choose("container:test1", "container:test7")
    way = ways.between(shown.model, "container:test1", "container:test7")["elements"]
    assert shown.lit() == drawn(way)
    said = shown.details
    assert said.startswith("test1 to test7")
    assert said.count("VXLAN vxlan0 on emon") == 2
    assert shown.browser.run("return document.querySelectorAll('#details .way li').length") == len(way)
    # Each container's line, bridge to VXLAN, VXLAN to interface, interface to underlay: at both ends.
    links = "return new Set([...document.querySelectorAll('#picture .link.on')].map(e => e.dataset.link)).size"
    assert shown.browser.run(links) == 8


@pytest.mark.parametrize("engine", ["cluster_store", "swarm", "vxlan"])
def test_script_and_python_know_the_same_ways(chromium: Browser, tmp_path: Path, engine: str) -> None:
    found = made(3, engine)
    shown = Shown(chromium, tmp_path / "map.html", found)
    containers = [one["id"] for host in found["hosts"] for one in host["containers"]]
    for first, second in [(one, other) for one in containers[:3] for other in containers if one != other]:
        chromium.press(ESCAPE)
        shown.choose(first, second)
        expected = ways.between(found, first, second)
        hops = chromium.run("return document.querySelectorAll('#details .way li').length")
        assert (hops, shown.lit()) == (len(expected["elements"]), drawn(expected["elements"]))
        assert expected["why"] in shown.details


def test_a_difference_is_explained_on_a_click(shown: Shown) -> None:
    shown.choose("vxlan:emon2/demo")
    assert "VXLAN vxlan0 on emon2" in shown.details
    assert "vxlan0 of the network demo is down: nsenter" in shown.details
    # The same from the list.
    shown.browser.press(ESCAPE)
    assert "nsenter" not in shown.details
    shown.browser.click("#differences button")
    assert "vxlan0 of the network demo is down: nsenter" in shown.details
    assert "3 differences" in shown.browser.text("#verdict")


def test_the_keyboard_is_enough(shown: Shown) -> None:
    """From the first host to a container, to its neighbour, and to the way between them."""
    reached: list[str] = []
    while shown.focused != "host:emon" and len(reached) < 20:
        shown.browser.press(TAB)
        reached.append(shown.focused)
    assert shown.focused == "host:emon", reached
    shown.browser.press(ENTER)
    assert shown.details.startswith("Host emon")
    shown.browser.press(DOWN)
    first = shown.focused
    shown.browser.press(ENTER, RIGHT)
    second = shown.focused
    assert [one.partition(":")[0] for one in (first, second)] == ["container", "container"]
    assert second != first
    shown.browser.press(ENTER)
    names = [one.removeprefix("container:") for one in (first, second)]
    assert shown.details.startswith(f"{names[0]} to {names[1]}")
    shown.browser.press(ESCAPE)
    assert shown.details.startswith("How to read it")
    assert shown.lit() == set()


def test_what_has_the_focus_is_seen(shown: Shown) -> None:
    script = "return parseFloat(getComputedStyle(document.querySelector(arguments[0])).strokeWidth)"
    before = shown.browser.run(script, f"{FIRST_HOST} > .shape")
    while shown.focused != "host:emon":
        shown.browser.press(TAB)
    assert shown.browser.run(script, f"{FIRST_HOST} > .shape") > before


def test_a_screen_reader_is_told_what_things_are(shown: Shown) -> None:
    labels = shown.browser.run(
        "return [...document.querySelectorAll('#picture [tabindex]')]"
        ".map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert {role for role, _label in labels} == {"button"}
    assert "container test4, stopped, demo 10.200.0.4, differs: 2" in [label for _role, label in labels]


def test_no_request_leaves_the_page(shown: Shown) -> None:
    shown.choose("container:test1", "container:test7")
    shown.browser.press(ESCAPE)
    # The browser's own start page is not the map's.
    asked = [url for url in shown.browser.requested() if not url.startswith(("chrome://", "data:"))]
    assert set(asked) == {shown.url}
    assert shown.browser.complaints() == []


def test_the_page_could_not_send_one(shown: Shown) -> None:
    """A server that counts is asked by every means that a script has."""
    seen: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = shown.browser.wait_for(
            """const [url, done] = arguments;
            new Image().src = `${url}/image`;
            const style = document.createElement("link");
            style.rel = "stylesheet"; style.href = `${url}/style`; document.head.append(style);
            fetch(`${url}/fetch`).then(() => done("sent"), (fault) => setTimeout(() => done(String(fault)), 500));""",
            f"http://127.0.0.1:{server.server_address[1]}",
        )
        server.shutdown()
    assert "Failed to fetch" in said
    assert seen == []
    assert "Content Security Policy" in " ".join(shown.browser.complaints())


@pytest.mark.parametrize("hosts", [2, 4, 16])
@pytest.mark.parametrize(
    ("scheme", "media", "expected"),
    [
        ("light", "", "rgb(247, 247, 244)"),
        ("dark", "", "rgb(20, 23, 26)"),
        # Paper is white, whatever the screen is.
        ("dark", "print", "rgb(255, 255, 255)"),
    ],
)
def test_it_is_drawn_within_a_second_and_in_its_colours(
    chromium: Browser, tmp_path: Path, hosts: int, scheme: str, media: str, expected: str
) -> None:
    found = made(hosts, sick=True)
    Shown(chromium, tmp_path / "map.html", found)
    assert (tmp_path / "map.html").stat().st_size < 300_000
    # The best of three: other tests may run beside this one.
    taken = [Shown(chromium, tmp_path / "map.html", found).milliseconds for _time in range(3)]
    assert min(taken) < 1000
    chromium.prefer(scheme, media)
    ground = chromium.run("return getComputedStyle(document.querySelector('.ground')).fill")
    assert ground == expected
    keep(chromium, f"{hosts}-{scheme}{media and '-'}{media}")
    chromium.prefer("light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(chromium: Browser, tmp_path: Path, scheme: str) -> None:
    """A contrast of 4.5 to 1 with what is behind, as WCAG 2 demands of small texts."""
    Shown(chromium, tmp_path / "map.html", made(4, sick=True))
    chromium.prefer(scheme)
    pairs = chromium.run(
        """const color = (name) => getComputedStyle(document.querySelector(name)).fill;
        const grounds = [".ground", ".host:not(.off) > .shape", ".container > .shape", ".namespace > .shape"]
          .map(color);
        const texts = [".small", ".name", ".state-wanted", ".state-differs", ".n0.tint", ".n1.tint"].map(color);
        return texts.flatMap((text) => grounds.map((ground) => [text, ground]))
          .concat([[color(".badge-number"), color(".badge")]]);"""
    )
    chromium.prefer("light")
    assert len(pairs) == 25
    assert [(one, other) for one, other in pairs if contrast(one, other) < 4.5] == []


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Followed:
    """A lab that a server follows, as files tell it."""

    def __init__(self, folder: Path) -> None:
        self._map, self._trace = folder / "state.json", folder / "trace.json"
        self.becomes(made())
        self._follower = Follower(["sh", "-c", 'cp "$0" "${1#map_file=}"', str(self._map)], self._trace)
        assert self._follower.read() == ""
        self._server = Server(self._follower, 0)
        self.url = self._server.url
        runs = (self._server.serve_forever, self._follower.follow, self._follower.follow_traces)
        self._threads = [threading.Thread(target=run) for run in runs]
        for thread in self._threads:
            thread.start()

    def becomes(self, found: model.Model) -> None:
        self._write(self._map, found)

    def is_traced(self, report: traces.Report) -> None:
        self._write(self._trace, report)

    def _write(self, path: Path, content: object) -> None:
        written = path.with_suffix(".new")
        written.write_text(json.dumps(content), encoding="utf-8")
        written.rename(path)

    def end(self) -> None:
        self._follower.end()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def followed(chromium: Browser, tmp_path: Path) -> Iterator[Followed]:
    lab = Followed(tmp_path)
    try:
        chromium.open(lab.url)
        # The first event draws everything anew.
        assert awaited(chromium, "document.documentElement.dataset.live") == "followed"
        yield lab
    finally:
        chromium.prefer("light")
        chromium.open("about:blank")
        lab.end()


def awaited(chromium: Browser, expression: str) -> Any:
    """The value of an expression as soon as it has one that is true; what it has after nine seconds."""
    return chromium.wait_for(
        f"""const [done] = arguments, began = performance.now();
        (function look() {{
          const found = {expression};
          if (found || performance.now() - began > 9000) done(found);
          else setTimeout(look, 25);
        }})();"""
    )


def test_a_lab_that_is_followed(chromium: Browser, followed: Followed) -> None:
    """A link goes down, and the page marks it by itself; what is chosen stays chosen."""
    chromium.click('[data-id="vxlan:emon2/demo"]')
    assert "down" not in chromium.text("#details")
    followed.becomes(made(sick=True))
    assert awaited(chromium, "document.querySelector('.vxlan.differs')?.dataset.id") == "vxlan:emon2/demo"
    assert "vxlan0 of the network demo is down" in chromium.text("#details")
    assert "2 differences" in chromium.text("#verdict")
    assert chromium.complaints() == []


# Every hop as it is marked, until the last step.
WATCH = """
window.seen = [];
new MutationObserver(() => {
  const here = document.querySelector("#picture .now, #picture .lost")?.dataset.id;
  if (here && here !== window.seen.at(-1)) window.seen.push(here);
}).observe(document.getElementById("picture"), { subtree: true, attributes: true, attributeFilter: ["class"] });
"""
MARKED = "return [...document.querySelectorAll('#picture .lost')].map((one) => one.dataset.id)"


def test_a_trace_is_animated_on_the_map(chromium: Browser, followed: Followed) -> None:
    """One that is made while the page is open, hop by hop, to the one that did not see the packet."""
    found = made()
    # Hop 8 is emon2's VXLAN.
    followed.is_traced(traces.report(found, ("request", 8)))
    chromium.run(WATCH)
    assert awaited(chromium, "document.querySelector('#picture .lost')?.dataset.id") == "vxlan:emon2/demo"
    said = chromium.text("#details")
    assert said.startswith("test1 to test4 over demo: ICMP echo")
    assert "there LOST" in said and "test1 does not reach test4: lost at hop 8" in said
    order = chromium.run("return window.seen")
    expected = [
        "container:test1", "port:test1/demo", "bridge:emon/demo", "vxlan:emon/demo", "uplink:emon", "underlay",
        "uplink:emon2", "vxlan:emon2/demo",
    ]  # fmt: skip
    # The first ones may have been before it was looked.
    assert order == expected[-len(order) :] and len(order) > 2
    assert chromium.run("return document.querySelectorAll('.lost-mark').length") == 1
    bad = chromium.run("return document.querySelector('.traced .bad').textContent")
    assert bad.startswith("vxlan0 in demo on emon2")
    colour = "return getComputedStyle(document.querySelector('.vxlan.lost > .shape')).stroke"
    assert chromium.run(colour) == "rgb(185, 60, 11)"
    assert chromium.complaints() == []
    keep(chromium, "trace")
    # A lab that changes meanwhile does not begin it anew.
    followed.becomes(made(sick=True))
    assert awaited(chromium, "document.querySelector('.vxlan.differs')?.dataset.id") == "vxlan:emon2/demo"
    assert chromium.run(MARKED) == ["vxlan:emon2/demo"]
    # The next one arrives.
    followed.is_traced(traces.report(found))
    assert awaited(chromium, "document.querySelector('.trace-verdict.is-wanted')?.textContent")
    assert chromium.run(MARKED) == []


def test_a_trace_by_keyboard_without_motion(chromium: Browser, followed: Followed) -> None:
    chromium.tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    chromium.run(WATCH)
    followed.is_traced(traces.report(made(), ("reply", 9)))
    assert awaited(chromium, "document.querySelector('#picture .lost')?.dataset.id") == "port:test4/demo"
    # At once, and nothing moves.
    assert chromium.run("return window.seen") == ["port:test4/demo"]
    moving = "return [...document.querySelectorAll('.link.on')].map((one) => getComputedStyle(one).animationName)"
    assert set(chromium.run(moving)) == {"none"}
    while chromium.run("return document.activeElement.dataset.trace ?? ''") != "Step":
        chromium.press(TAB)
    chromium.press(ENTER)
    assert chromium.run("return document.querySelector('#picture .now').dataset.id") == "container:test1"
    assert chromium.run(MARKED) == []
    chromium.press(ENTER)
    assert chromium.run("return document.querySelector('#picture .now').dataset.id") == "port:test1/demo"
    assert chromium.run("return document.querySelector('.traced [aria-current]').textContent").startswith("veth")
    chromium.press(ESCAPE)
    assert chromium.text("#details").startswith("How to read it")
    assert chromium.run("return document.querySelectorAll('#picture .on, #picture .now').length") == 0
