# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Names of images: what they consist of, and which of a host's a name means."""

from __future__ import annotations

import re
from collections.abc import Collection

_REGISTRY = r"[a-zA-Z0-9.-]+(?::[0-9]+)?/"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
FORM = re.compile(
    rf"(?P<repository>(?:{_REGISTRY})?{_PART}(?:/{_PART})*)(?::(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{{0,127}}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def whole(name: str) -> str:
    """With its tag: Docker takes ``latest`` where there is neither tag nor digest."""
    match = FORM.fullmatch(name)
    return f"{name}:latest" if match and not (match["tag"] or match["digest"]) else name


def parts(name: str) -> tuple[str, str]:
    """Repository, and the digest or else the tag, as dockerd is asked for them."""
    match = FORM.fullmatch(whole(name))
    return (match["repository"], match["digest"] or match["tag"]) if match else (name, "")


def familiar(name: str) -> str:
    """The name as Docker shows it: with its tag or digest, and without the registry that is Docker's own."""
    repository, reference = parts(name)
    short = repository.removeprefix("docker.io/").removeprefix("library/")
    return f"{short}{'@' if reference.startswith('sha256:') else ':'}{reference}"


def is_among(name: str, known: Collection[str]) -> bool:
    """``known``: tags and digests of a host's images as Docker shows them, and their ids."""
    return name in known or familiar(name) in known


def is_made_here(name: str) -> bool:
    """Whether an image of the name can be made from the host's own busybox."""
    return familiar(name).startswith("busybox:")
