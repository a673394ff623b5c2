# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What overlay.yml shows at its end: what the lab has, and how to use it. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

_SHIPPED = "inventories/simulated/{}.yml"
# What the Makefile takes without SITE.
_SITE = "company"
_TOLERANT = 3


def lines(lab: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """``lab``: that of _checks/chosen.chosen(). ``run``: "inventories" and "playbooks" (their paths from the directory
    where it was typed), "root" (of the collection), "read" (hosts whose facts were read), "user" (by whom the host of
    the first container is entered; "" for the same name as here).
    """
    verify, destroy = _commands(lab, run)
    return [
        _standing(lab),
        *(
            f"{host} was skipped (unreachable, or not in this run). Everything that is not on it works; an ordinary run"
            " adds it later."
            for host in lab["hosts"]
            if host not in run["read"]
        ),
        *(_entered(lab, run, lab["containers"][0]) if lab["containers"] else ()),
        f"Prove it again:     {verify}",
        f"Remove it:          {destroy}",
        *_minds(lab),
    ]


def _standing(lab: dict[str, Any]) -> str:
    counts = [(len(lab[f"{name}s"]), name) for name in ("host", "network", "container")]
    has = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)
    return (
        f"The lab {lab['name']} stands at the site {lab['site']}: {has}, engine {lab['engine']} ({lab['engine_why']})."
    )


def _by_make(lab: dict[str, Any], run: dict[str, Any]) -> bool:
    """Whether it was typed in a checkout, where make finds the inventory by its name."""
    return bool(lab["simulated"]) and run["inventories"] == [_SHIPPED.format(_name(run))]


def _name(run: dict[str, Any]) -> str:
    return PurePath(run["inventories"][0]).stem


def _commands(lab: dict[str, Any], run: dict[str, Any]) -> tuple[str, str]:
    """What a person types where this run was typed, to verify and to destroy the lab."""
    if _by_make(lab, run):
        name, site = _name(run), lab["site"]
        chosen = "" if name == site else f" LAB={name.removesuffix(f'-{site}')}"
        which = chosen + ("" if site == _SITE else f" SITE={site}")
        return f"make verify{which}", f"make destroy{which}"
    playbook = "playbooks/{}.yml" if run["playbooks"] == "playbooks" else "emon.overlay_lab.{}"
    typed = f"ansible-playbook -i {' -i '.join(run['inventories'])} {playbook}"
    confirmed = "" if lab["simulated"] else f" -e confirm={lab['name']}"
    return typed.format("verify"), typed.format("destroy") + confirmed


def _entered(lab: dict[str, Any], run: dict[str, Any], container: dict[str, Any]) -> Iterator[str]:
    host = container["host"]
    if _by_make(lab, run):
        yield f"Enter a host:       make shell HOST={host}"
    elif lab["simulated"]:
        yield f"Enter a host:       {run['root']}/tools/shell {host}   (as root)"
    else:
        user = f"{run['user']}@" if run["user"] else ""
        yield f"Enter a host:       ssh -o HostKeyAlias={host} {user}{lab['hosts'][host]['addresses'][lab['site']]}"
    yield f"Enter a container:  docker exec -it {container['name']} sh   (on {host})"


def _minds(lab: dict[str, Any]) -> Iterator[str]:
    members = sum(one["etcd"] for one in lab["hosts"].values())
    if lab["traits"]["uses_etcd"] and members < _TOLERANT:
        who = "1 etcd member tolerates" if members == 1 else f"{members} etcd members tolerate"
        yield f"Mind: {who} no loss; three tolerate one."
