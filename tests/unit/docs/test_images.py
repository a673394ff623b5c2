# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation's pictures are those that the map draws of recorded labs."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
IMAGES = ROOT / "docs/images"


def drawing() -> Any:
    loader = SourceFileLoader("pictures", str(ROOT / "tests/pictures"))
    spec = spec_from_loader("pictures", loader)
    assert spec
    found = module_from_spec(spec)
    loader.exec_module(found)
    return found


@pytest.mark.parametrize("picture", sorted(path.name for path in IMAGES.glob("*.svg")))
def test_a_picture_is_not_stale(picture: str) -> None:
    assert (IMAGES / picture).read_text(encoding="utf-8") == drawing().content(picture), "run tests/pictures"


def test_there_is_no_picture_but_these() -> None:
    # Those of the page in Chromium are of `make browser`, which keeps them with OVERLAY_LAB_SCREENSHOTS=FOLDER.
    screenshots = {f"map-{name}.png" for name in ("2-light", "4-light", "16-dark", "trace")}
    assert {path.name for path in IMAGES.iterdir()} == set(drawing().PICTURES) | screenshots
