# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What verification proved, as JUnit's XML, which test reporters of CI systems read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

_OF_PAIR = {"by_address": "by address", "by_name": "by name", "full_mtu": "at full MTU", "tcp": "over TCP"}
# What XML 1.0 has no way to write.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(lab: str, report: dict[str, Any]) -> str:
    """One test case for each thing that was tried, in the order of the report; faults of none of them are in the last.

    ``report``: what verification.report returned.
    """
    cases = list(_cases(report))
    told = {fault for _group, _name, faults in cases for fault in faults}
    cases.append((lab, "hosts and engine", [fault for fault in report["faults"] if fault not in told]))
    failed = sum(bool(faults) for _group, _name, faults in cases)
    suite = ElementTree.Element("testsuite", name=lab, tests=str(len(cases)), failures=str(failed), errors="0")
    for group, name, faults in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=group, name=name)
        if faults:
            ElementTree.SubElement(case, "failure", message=faults[0]).text = "\n".join(faults)
    ElementTree.indent(suite)
    return _NO_XML.sub("", ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)) + "\n"


def _cases(report: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Class, name and faults of each case."""
    for row in report["pairs"]:
        for key, what in _OF_PAIR.items():
            # A pair's faults are not told apart by what was tried: each case that failed has all of them.
            yield row["network"], f"{row['from']} reaches {row['to']} {what}", [] if row[key] else row["faults"]
    for row in report["expected"]:
        port = "" if row["port"] is None else f":{row['port']}"
        yield "expect", f"{row['from']} to {row['to']}{port}: {row['expected']}", [] if row["ok"] else [row["fault"]]
    for row in report["isolated"]:
        yield "isolation", f"{row['from']} does not reach {row['to']}", [] if row["ok"] else [row["fault"]]
