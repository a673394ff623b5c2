"""Enter a simulated host: tools/shell HOST [COMMAND ...]. Run as root; `make shell HOST=emon` does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# A checkout is a collection by the link that `make setup` makes; an installed one is where collections are.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible/collections"))
sys.path.extend(str(collections) for collections in Path(__file__).resolve().parents[4:5])

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost, known_hosts


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: tools/shell HOST [COMMAND ...]")
    if os.geteuid() != 0:
        sys.exit(f"tools/shell needs root: run it with sudo, or `make shell HOST={sys.argv[1]}`")
    host, command = SimulatedHost(sys.argv[1]), sys.argv[2:] or ["bash", "--login"]
    try:
        entering = host.enter(["env", f"TERM={os.environ.get('TERM', 'dumb')}", *command])
    except LabError as error:
        known = ", ".join(one.name for one in known_hosts()) or "none"
        sys.exit(f"{error} (simulated hosts of this machine: {known})")
    os.execvp(entering[0], entering)


if __name__ == "__main__":
    main()
