# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the probes meet at the far end: open TCP port 8080, and DNS for web.rc.test at 10.91.2.2.

Ends by itself after two minutes.
"""

import signal
import socket
import struct
import threading

NAME = b"\x03web\x02rc\x04test\0"
ADDRESS = socket.inet_aton("10.91.2.2")


def answer_dns(server):
    while True:
        question, client = server.recvfrom(512)
        ident, body = question[:2], question[12:]
        known, is_a = body.startswith(NAME), body[-4:] == b"\0\1\0\1"
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + ADDRESS if known and is_a else b""
        flags = 0x8180 if known else 0x8183
        server.sendto(ident + struct.pack("!5H", flags, 1, bool(record), 0, 0) + body + record, client)


signal.alarm(120)
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns.bind(("10.91.2.2", 53))
threading.Thread(target=answer_dns, args=(dns,), daemon=True).start()
web = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    web.accept()[0].close()
