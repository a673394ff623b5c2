# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The map as one HTML page that needs nothing else: the picture, and a script that answers clicks and keys.

Its policy lets a browser run this script and use these styles alone, and fetch nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

from . import layout, svg
from .about import about
from .model import Model

_HERE = Path(__file__).parent
_STYLE = svg.STYLE + "\n" + (_HERE / "page.css").read_text(encoding="utf-8").strip()
_SCRIPT = (_HERE / "page.js").read_text(encoding="utf-8").strip()


def render(model: Model, live: bool = False) -> str:
    """``live``: it follows the lab by the events of the server that it came from."""
    lab = model["lab"]
    title = escape(f"Lab {lab['name']}")
    policy = (
        f"default-src 'none'; style-src '{_hash(_STYLE)}'; script-src '{_hash(_SCRIPT)}'; img-src data:;"
        f" base-uri 'none'; form-action 'none'" + ("; connect-src 'self'" if live else "")
    )
    return f"""<!DOCTYPE html>
<html lang="en" class="map page"{" data-live" if live else ""}>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{_STYLE}</style>
<header>
<h1>{title}</h1>
<p class="subtitle" id="subtitle">{escape(layout.subtitle(model))}</p>
<p class="verdict" id="verdict" role="status"></p>
<div class="tools" role="group" aria-label="Size">
<button type="button" data-zoom="out" aria-label="Smaller">&minus;</button>
<button type="button" data-zoom="fit">Fit</button>
<button type="button" data-zoom="in" aria-label="Larger">+</button>
</div>
</header>
<main>
<div class="picture" id="picture" role="region" aria-label="The map">{picture(model)}</div>
<aside aria-label="Details">
<section id="details" aria-live="polite"></section>
<section id="differences"></section>
</aside>
</main>
<script type="application/json" id="data">{_inert(data(model))}</script>
<script>{_SCRIPT}</script>
</html>
"""


def picture(model: Model) -> str:
    """The picture without what the page has beside it."""
    return svg.render(layout.picture(model, alone=False), alone=False)


def data(model: Model) -> dict[str, Any]:
    """What the script is told."""
    return {
        "ok": model["lab"]["ok"],
        "subtitle": layout.subtitle(model),
        "differences": model["differences"],
        "containers": [
            {
                "id": container["id"],
                "name": container["name"],
                "interfaces": [{"id": one["id"], "network": one["network"]} for one in container["interfaces"]],
            }
            for host in model["hosts"]
            for container in host["containers"]
        ],
        "links": [[link["from"], link["to"]] for link in model["links"]],
        "about": about(model),
    }


def _inert(value: Any) -> str:
    """JSON that cannot end the element that it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
