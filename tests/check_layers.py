#!/usr/bin/env python3
"""Which package of plugins/module_utils and plugins/plugin_utils may import which: tests/check_layers.py

Prints the packages, from the top floor to the ground, and every import that the table does not allow. An edge goes to a
lower floor, so there is no cycle. docs/development.md says what is in each package.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).resolve().parent.parent
_PREFIX = "ansible_collections.emon.overlay_lab.plugins."
_MOST_FILES = 20
# Floor, package, and the packages that it may import: + for those of plugin_utils, the others are of module_utils.
TABLE = """
    0 _core:
    1 _docker: _core
    1 _host: _core
    1 _kernel: _core
    2 _archive: _core _host
    2 _docker_image: _core _docker _kernel
    2 _docker_network: _core _docker _host _kernel
    2 _etcd: _core _host
    2 _pki: _core _host
    2 _simulated: _core _kernel
    2 _shaping: _core _host
    2 _topology: _core _host _kernel
    3 _docker_container: _core _docker _docker_network _host _kernel
    3 _probe: _core _docker _host _kernel _shaping _topology
    4 _trace: _core _docker _kernel _probe _topology
    4 _docker_daemon: _core _docker _docker_container _host
    4 _docker_swarm: _core _docker _docker_container _docker_network _host
    5 _fault: _core _docker _host _kernel _shaping _simulated _trace
    5 _facts: _archive _core _docker _docker_container _docker_daemon _docker_image _docker_network _docker_swarm \
        _etcd _host _kernel _pki _shaping _topology
    5 _boot: _core _docker _docker_container _docker_daemon _docker_swarm _etcd _host _probe _shaping
    6 _tasks: _archive _boot _core _docker _docker_container _docker_daemon _docker_image _docker_network \
        _docker_swarm _etcd _facts _host _pki _probe _shaping _topology

    6 +_compare:
    6 +_engine_common: _core _host
    6 +_lookup: _core
    6 +_membership: _core
    6 +_output: _core
    6 +_run: _core _host
    6 +_simulated: _core _kernel
    6 +_trace: _core _kernel _shaping
    7 +_engine_cluster_store: _core +_engine_common
    7 +_engine_swarm: _core _docker_swarm +_engine_common
    7 +_engine_vxlan: _kernel _probe +_engine_common +_membership
    8 +_engines: _core +_engine_cluster_store +_engine_common +_engine_swarm +_engine_vxlan
    9 +_break: _fault +_engines +_simulated
    9 +_lab_file: _archive _core _docker_container _docker_image _kernel _shaping +_engine_common +_engines
   10 +_checks: _archive _boot _core _docker_container _docker_image _host _kernel _probe _shaping +_engine_common \
        +_engines +_lab_file +_membership +_run
   11 +_map: _core +_checks
"""


class Package(NamedTuple):
    floor: int
    imports: frozenset[str]


def read(table: str) -> dict[str, Package]:
    found = {}
    for line in filter(None, map(str.strip, table.splitlines())):
        head, _, imports = line.partition(":")
        floor, name = head.split()
        found[_full(name)] = Package(int(floor), frozenset(map(_full, imports.split())))
    return found


def _full(name: str) -> str:
    return f"plugin_utils/{name[1:]}" if name.startswith("+") else f"module_utils/{name}"


def _short(name: str) -> str:
    return name.replace("plugin_utils/", "+").replace("module_utils/", "")


def faults(root: Path, packages: dict[str, Package]) -> list[str]:
    found = [*_table_faults(packages)]
    edges: set[tuple[str, str]] = set()
    sizes: Counter[str] = Counter()
    for path in sorted((root / "plugins").rglob("*.py")):
        name = path.relative_to(root / "plugins")
        if name.parts[0] not in ("module_utils", "plugin_utils"):
            found += _plugin_faults(name, path)
            continue
        package = "/".join(name.parts[:-1])
        if package not in packages:
            found.append(f"plugins/{name}: put it into a package of the table in tests/check_layers.py")
            continue
        sizes[package] += 1
        for line, imported, relative in _imports(path, package):
            if relative != (imported == package):
                form = "`from . import x`" if imported == package else "an absolute import"
                found.append(f"plugins/{name}:{line}: {imported} is imported here by {form}")
            elif imported != package:
                edges.add((package, imported))
                if imported not in packages[package].imports:
                    found.append(f"plugins/{name}:{line}: {package} may not import {imported}")
    found += [f"{name}: {size} files are too many: split it" for name, size in sizes.items() if size > _MOST_FILES]
    found += [f"{name}: no such package: take it out of the table" for name in packages if not sizes[name]]
    found += [
        f"{name}: imports nothing of {other} any more: take it out of the table"
        for name, package in packages.items()
        for other in sorted(package.imports)
        if (name, other) not in edges
    ]
    return list(dict.fromkeys(found))


def _table_faults(packages: dict[str, Package]) -> Iterator[str]:
    for name, package in packages.items():
        for other in sorted(package.imports):
            if other not in packages:
                yield f"{name}: {other} is not in the table"
            elif packages[other].floor >= package.floor:
                yield f"{name}: {other} is not on a lower floor"


def _plugin_faults(name: Path, path: Path) -> Iterator[str]:
    if name.parts[0] == "modules":
        for line, imported, _relative in _imports(path, "modules"):
            if not imported.startswith("module_utils/"):
                yield f"plugins/{name}:{line}: Ansible does not send {imported} to hosts"


def _imports(path: Path, package: str) -> Iterator[tuple[int, str, bool]]:
    """(line, package of the collection, whether relative)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package.split("/")[: -(node.level - 1) or None]
            yield node.lineno, "/".join(above), True
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                yield from _of_collection(node.lineno, f"{node.module}.{one.name}")
        elif isinstance(node, ast.Import):
            for one in node.names:
                yield from _of_collection(node.lineno, one.name)


def _of_collection(line: int, module: str) -> Iterator[tuple[int, str, bool]]:
    if module.startswith(_PREFIX):
        yield line, "/".join(module.removeprefix(_PREFIX).split(".")[:2]), False


def main() -> int:
    packages = read(TABLE)
    for name, package in sorted(packages.items(), key=lambda item: (-item[1].floor, item[0])):
        print(f"{package.floor}  {_short(name):<18} {' '.join(sorted(map(_short, package.imports)))}".rstrip())
    found = faults(_ROOT, packages)
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
