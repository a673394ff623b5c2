# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import port_messages

GREETING = port_messages.Greeting("emon", "emon2")
HELLO = port_messages.Hello("emon", "emon", "0a1b", 1000.0, False, ("tcp/2379",))
REPLY = port_messages.Reply("emon", "emon2", "0a1b", 1000.5, 1000.6, True, ("udp/4789",))


@pytest.mark.parametrize(
    ("message", "decode"),
    [
        (GREETING, port_messages.decode_greeting),
        (HELLO, port_messages.decode_hello),
        (REPLY, port_messages.decode_reply),
    ],
)
def test_what_is_sent_arrives(message: Any, decode: Any) -> None:
    data = port_messages.encode(message)
    assert decode(data) == message
    assert data.endswith(b"\n")
    assert len(data) < 256


@pytest.mark.parametrize(
    "decode", [port_messages.decode_greeting, port_messages.decode_hello, port_messages.decode_reply]
)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2p1\r\n", id="another service"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no keys"),
        pytest.param(b'{"lab": 1, "host": "emon"}', id="another type"),
        pytest.param(b'{"lab": "emon", "host": "emon", "more": 1}', id="another key"),
        pytest.param(b"[" * 900, id="deep"),
        pytest.param(b"[" * 1024, id="deeper"),
        pytest.param(b"[" * 100_000, id="deepest"),
        pytest.param(b'{"a":' * 200, id="deep objects"),
        pytest.param(b'{"lab": "em\\non", "host": "emon"}', id="a line break in a name"),
        pytest.param(b'{"lab": "emon", "host": "\\ud800"}', id="half a character"),
        pytest.param(b'{"lab": "emon", "host": "\\u001b[2J"}', id="what a terminal obeys"),
        pytest.param(b'{"lab": "emon", "host": ' + b"9" * 1000 + b"}", id="a long number"),
    ],
)
def test_what_is_no_message(decode: Any, data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sent", "NaN"), ("sent", "Infinity"), ("sent", "1e999"), ("sent", "9" * 400), ("sent", "true"), ("done", "1"),
        ("busy", "[[[]]]"), ("busy", "[1]"), ("busy", '"tcp/1"'), ("nonce", '"\\n"'), ("received", "-Infinity"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("message", "decode"), [(HELLO, port_messages.decode_hello), (REPLY, port_messages.decode_reply)]
)
def test_values_that_nobody_can_reckon_with(message: Any, decode: Any, key: str, value: str) -> None:
    given = json.loads(port_messages.encode(message))
    if key in given:
        text = json.dumps({**given, key: "HERE"}).replace('"HERE"', value)
        assert decode(text.encode()) is None


def test_a_message_of_another_kind_is_none() -> None:
    assert port_messages.decode_hello(port_messages.encode(REPLY)) is None
    assert port_messages.decode_reply(port_messages.encode(HELLO)) is None
    assert port_messages.decode_greeting(json.dumps({"lab": "emon"}).encode()) is None


@pytest.mark.parametrize(
    ("moments", "offset", "round_trip"),
    [
        pytest.param((100.0, 100.1, 100.1, 100.2), 0.0, 0.2, id="the same time"),
        pytest.param((100.0, 160.1, 160.4, 100.5), 60.0, 0.2, id="a minute ahead, and slow to answer"),
        pytest.param((100.0, 40.3, 40.3, 100.4), -59.9, 0.4, id="behind, a way that takes longer than back"),
    ],
)
def test_clock_sample(moments: tuple[float, float, float, float], offset: float, round_trip: float) -> None:
    sample = port_messages.ClockSample.of(*moments)
    assert (sample.offset, sample.round_trip) == (pytest.approx(offset), pytest.approx(round_trip))
