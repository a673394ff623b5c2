#!/usr/bin/env python3
"""What runs on managed hosts runs on Python 3.9: tests/check_python.py [FILE ...]

vermin knows in which version a name, an argument or a piece of syntax came. What it does not see is looked for here:
where Python 3.9 reads the same words, and means something else.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_MANAGED = ("plugins/modules", "plugins/module_utils")
_OF_A_LOOP = {"Condition", "Event", "Lock", "PriorityQueue", "Queue", "Semaphore"}
_BUILTIN_TYPES = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type"}


def faults(tree: ast.Module) -> list[tuple[int, str]]:
    """(line, what Python before 3.10 or 3.11 makes of it)."""
    running = list(_running(tree))
    names = {node.id for node in running if isinstance(node, ast.Name)}
    aware = any(_dotted(node) == "socket.timeout" for node in running) or "within" in names
    in_coroutines = {id(node) for one in running if isinstance(one, ast.AsyncFunctionDef) for node in ast.walk(one)}
    found = []
    for node in running:
        line = getattr(node, "lineno", 0)
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.BitOr)
            and any(map(_is_type, (node.left, node.right)))
        ):
            found.append((line, "`A | B` of types is evaluated, which takes 3.10: use Union, Optional or a tuple"))
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Slice)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "parents"
        ):
            found.append((line, "a slice of Path.parents takes 3.10: make a list of it first"))
        elif isinstance(node, ast.Name) and node.id == "TimeoutError" and not aware:
            found.append((line, "before 3.10 socket.timeout is no TimeoutError: name both, or use deadline.within"))
        elif _dotted(node) in ("asyncio.TimeoutError", "asyncio.wait_for"):
            found.append((line, "before 3.11 asyncio.TimeoutError is another one: use deadline.within"))
        elif _dotted(node) in {f"asyncio.{name}" for name in _OF_A_LOOP} and id(node) not in in_coroutines:
            found.append((line, "before 3.10 it is bound to a loop where it is made: make it in the coroutine"))
    return sorted(set(found))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but the annotations, which are not evaluated (PEP 563)."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield from _running(one)


def _is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.Subscript):
        return _is_type(node.value)
    name = _dotted(node).rpartition(".")[2]
    # A class is in CapWords; a flag in CAPITALS.
    return name in _BUILTIN_TYPES or (name.lstrip("_")[:1].isupper() and name != name.upper())


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def files() -> list[Path]:
    return sorted(path for folder in _MANAGED for path in (_ROOT / folder).rglob("*.py"))


def main() -> int:
    chosen = [Path(name) for name in sys.argv[1:]] or files()
    lines = []
    for path in chosen:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, feature_version=(3, 9))
        lines += [f"{path}:{line}: {what}" for line, what in faults(tree)]
        if "from __future__ import annotations" not in text and any(
            isinstance(node, (ast.FunctionDef, ast.AnnAssign)) for node in ast.walk(tree)
        ):
            lines.append(f"{path}:1: without `from __future__ import annotations` annotations are evaluated")
    print("\n".join(lines), end="\n" if lines else "")
    command = ["vermin", "--target=3.9-", "--no-tips", "--violations", "--quiet", *map(str, chosen)]
    return subprocess.run(command, check=False).returncode or bool(lines)


if __name__ == "__main__":
    sys.exit(main())
