# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import socket
import struct
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import path_of, spelled, where


@pytest.mark.parametrize("value", [b"", b"a", b"ab", b"abc", b"abcd", b"abcde"])
def test_attributes_are_split_as_they_were_joined(value: bytes) -> None:
    packed = rtnetlink.attribute(3, value) + rtnetlink.attribute(5, b"x")
    assert len(packed) % 4 == 0
    assert rtnetlink.attributes(packed) == {3: value, 5: b"x"}
    assert rtnetlink.attributes(b"head" + packed, 4) == {3: value, 5: b"x"}


@pytest.mark.parametrize("cut", [b"", b"\0", b"\3\0\1\0", b"\0\0\0\0"])
def test_what_is_cut_off_is_no_attribute(cut: bytes) -> None:
    assert rtnetlink.attributes(cut) == {}


def test_a_nested_flag_is_no_part_of_the_number() -> None:
    assert rtnetlink.attributes(struct.pack("=HH", 4, 0x8000 | 18)) == {18: b""}


def test_a_refusal_has_the_kernels_own_sentence() -> None:
    assert rtnetlink.Refusal(0, 22, "").sentence == "Invalid argument"
    assert rtnetlink.Refusal(0, 22, "mtu less than device minimum").sentence == (
        "Invalid argument (mtu less than device minimum)"
    )


def test_the_loopback_is_found_without_root() -> None:
    with rtnetlink.Socket() as here:
        assert here.index_of("lo") == socket.if_nametoindex("lo")
        assert here.index_of("no-such-link") == 0
        assert len(here.dump(rtnetlink.GETLINK, bytes(16))) == len(socket.if_nameindex())
        assert here.ask(rtnetlink.GETLINK, struct.pack("=BxHiII", 0, 0, 1, 0, 0)) is not None


class Kernel:
    """A socket whose answers, or errors, are given."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent = 0

    def send(self, _data: bytes) -> None:
        self.sent += 1

    def recv(self, _size: int) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            raise OSError(answer, "")
        kind, flags, sequence, body = answer
        return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


DONE = 3


def asked(*answers: Any) -> tuple[rtnetlink.Socket, Kernel]:
    here = rtnetlink.Socket()
    here.close()
    here._socket = kernel = Kernel(*answers)
    return here, kernel


def test_a_dump_of_which_answers_were_lost_is_repeated() -> None:
    link = rtnetlink.NEWLINK
    here, kernel = asked(
        (link, 2, 1, b"lost"), errno.ENOBUFS,
        (link, 2, 1, b"late"), (link, 2, 2, b"eth0"), (DONE, 2, 2, bytes(4)),
    )  # fmt: skip
    assert here.dump(rtnetlink.GETLINK, bytes(16)) == [b"eth0"]
    assert kernel.sent == 2


def test_a_dump_that_is_lost_again_and_again_ends() -> None:
    here, _ = asked(*[errno.ENOBUFS] * 1000)
    with pytest.raises(OSError, match="answers were lost") as caught:
        here.dump(rtnetlink.GETLINK, bytes(16))
    assert caught.value.errno == errno.ENOBUFS


def test_a_dump_that_changes_again_and_again_ends() -> None:
    here, _ = asked(*((DONE, 0x10, number, bytes(4)) for number in range(1, 1001)))
    with pytest.raises(OSError, match="changed while it was read") as caught:
        here.dump(rtnetlink.GETLINK, bytes(16))
    assert caught.value.errno == errno.EAGAIN


def test_lost_acknowledgements_are_named() -> None:
    here, _ = asked(errno.ENOBUFS)
    with pytest.raises(OSError, match="answers were lost"):
        here.send([rtnetlink.message(rtnetlink.NEWLINK, 0, b"")])


def test_an_acknowledgement_of_before_is_nobody_s() -> None:
    here, _ = asked((2, 0, 77, struct.pack("=i", -1)), (2, 0, 1, struct.pack("=i", 0)))
    assert here.send([rtnetlink.message(rtnetlink.NEWLINK, 0, b"")]) == []


def test_a_kernel_that_does_not_answer_is_named() -> None:
    here, _ = asked(errno.EAGAIN)
    with pytest.raises(TimeoutError, match="did not answer within 30 s"):
        here.ask(rtnetlink.GETLINK, bytes(16))


def test_a_socket_waits_for_so_long_and_no_longer() -> None:
    with rtnetlink.Socket() as here:
        waits = here._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)
        assert struct.unpack("ll", waits) == (30, 0)


@pytest.mark.parametrize(
    ("given", "spelling", "path", "place"),
    [
        (None, "", "/proc/thread-self/ns/net", "in the machine's own namespace"),
        ("", "", "/proc/thread-self/ns/net", "in the machine's own namespace"),
        ("blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/run/netns/blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/var/run/netns/blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/proc/7/ns/net", "/proc/7/ns/net", "/proc/7/ns/net", "in namespace /proc/7/ns/net"),
    ],
)
def test_a_namespace_has_one_spelling(given: str | None, spelling: str, path: str, place: str) -> None:
    assert spelled(given) == spelling
    assert path_of(spelling) == path
    assert where(spelling) == place
