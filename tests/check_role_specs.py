"""Compare each role's defaults with its argument specs: same names, same values, every entry point described."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def faults(role: Path) -> list[str]:
    """What does not fit in one role, a line each."""
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8")) or {}
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    found = []
    for entry in {"main": None} | specs:
        if entry not in specs:
            found.append(f"{role.name}: meta/argument_specs.yml has no entry point {entry}")
        if not (role / f"tasks/{entry}.yml").exists():
            found.append(f"{role.name}: there is no tasks/{entry}.yml")
    for entry, spec in specs.items():
        options = spec.get("options", {})
        for name in sorted(defaults.keys() ^ options.keys()):
            where = "defaults" if name in options else f"the options of {entry}"
            found.append(f"{role.name}: {name} is not in {where}")
        for name in sorted(defaults.keys() & options.keys()):
            told = options[name].get("default")
            # A default that follows from another variable is no value of the option's type: documentation has none.
            value = None if "{{" in str(defaults[name]) else defaults[name]
            if told != value:
                found.append(f"{role.name}: {name} is {value!r} in defaults, {told!r} in the options of {entry}")
            if not name.startswith(f"{role.name}_"):
                found.append(f"{role.name}: {name} does not start with {role.name}_")
    return found


def main() -> int:
    lines = [line for role in sorted(Path("roles").iterdir()) for line in faults(role)]
    print("\n".join(lines))
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
