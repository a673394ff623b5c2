# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs of ansible-playbook print with the callback: whole output, with N for seconds."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[4]
# Modules cost a second each: most steps are actions of the controller, and one that returns what it is given.
_ACTION = """
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    _supports_check_mode = True
    def run(self, tmp=None, task_vars=None):
        return {**super().run(tmp, task_vars), **self._task.args}
"""
_INVENTORY = """
all:
  vars: {lab_name: emon, lab_site: company, lab_simulated: true, ansible_connection: local}
lab:
  hosts: {emon: , emon2: , emon3: }
more:
  hosts: {emon4: , emon5: }
"""
_SLOW = "{{ lookup('ansible.builtin.pipe', 'sleep 3') }}"


class Ran(NamedTuple):
    code: int
    output: str
    errors: str


Play = Callable[..., Ran]


def plain(output: str) -> str:
    """The output without what differs from run to run."""
    return re.sub(r" +[0-9]+(\.[0-9])? s\b", " N s", output)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a playbook; ``terminal``: with its output on one."""
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins/gives.py").write_text(_ACTION, encoding="utf-8")
    (tmp_path / "inventory.yml").write_text(_INVENTORY, encoding="utf-8")

    def run(text: str, *arguments: str, terminal: bool = False, **environment: str) -> Ran:
        (tmp_path / "play.yml").write_text(textwrap.dedent(text), encoding="utf-8")
        command = [sys.executable, "-m", "ansible.cli.playbook", "-i", tmp_path / "inventory.yml", *arguments]
        settings = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
            "ANSIBLE_STDOUT_CALLBACK": "emon.overlay_lab.lab",
            "OVERLAY_LAB_DURATIONS": str(tmp_path / "cache/durations.json"),
            "OVERLAY_LAB_SLOW": "60",
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ours, theirs = pty.openpty() if terminal else os.pipe()
        with subprocess.Popen(
            [*command, tmp_path / "play.yml"],
            cwd=tmp_path,
            env={**kept, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(theirs)
            output = read(ours)
            errors = process.stderr.read() if process.stderr else ""
        return Ran(process.returncode, output.replace("\r\n", "\n"), errors)

    return run


def read(descriptor: int) -> str:
    """Everything that comes; a terminal ends with an error."""
    found = b""
    try:
        while part := os.read(descriptor, 65536):
            found += part
    except OSError:
        pass
    os.close(descriptor)
    return found.decode()


def test_a_run_that_succeeds(play: Play) -> None:
    ran = play(
        """
        - name: The lab stands
          hosts: lab
          gather_facts: false
          tasks:
            - name: Nothing differs
              gives: {changed: false}
            - name: Does not apply
              gives: {changed: true}
              when: false
            - name: All change
              gives: {changed: true}
            - name: Two change
              gives: {changed: "{{ inventory_hostname != 'emon2' }}"}
            - name: It is made once for all
              gives: {changed: true}
              run_once: true
              delegate_to: localhost
              notify: It starts again
            - name: Items change
              gives: {changed: "{{ item != 'b' }}"}
              loop: [a, b, c]
              run_once: true
            - name: It is announced
              ansible.builtin.debug: {msg: The lab moves.}
            - name: A table
              ansible.builtin.debug: {msg: [FROM   TO, "", emon   emon2]}
              run_once: true
            - name: Items are told
              ansible.builtin.debug: {msg: "{{ item }}"}
              loop: [one, two]
              run_once: true
            - name: Data is shown
              ansible.builtin.debug: {var: lab_site}
              run_once: true
            - name: At higher verbosity only
              ansible.builtin.debug: {msg: hidden, verbosity: 1}
            - name: A secret is written
              gives: {changed: true, msg: sesame, diff: {before: '', after: sesame}}
              no_log: true
            - name: A secret is told
              ansible.builtin.debug: {msg: sesame}
              no_log: true
            - name: It is warned of
              gives: {warnings: [the CA ends soon]}
            - name: What breaks is mended
              block:
                - name: It breaks
                  gives: {failed: true, msg: "it is broken, it would be a fault"}
                  when: inventory_hostname == 'emon3'
              rescue:
                - name: It is mended
                  gives: {changed: true}
            - name: It may fail
              gives: {failed: true, msg: it does not matter}
              ignore_errors: true
          handlers:
            - name: It starts again
              gives: {changed: true}
        - name: Nothing is there
          hosts: none
        """,
        "--diff",
    )
    assert plain(ran.output) == textwrap.dedent(
        """\
        The lab stands
          changed N s  All change (all hosts)
          changed N s  Two change (emon, emon3)
          changed N s  It is made once for all (localhost)
          changed N s  Items change, 2 items
        The lab moves.

        FROM   TO

        emon   emon2
        one
        two
            lab_site: company
          changed N s  A secret is written (all hosts)
          rescued N s  It breaks (emon3)
                                emon3: it is broken, it would be a fault
          changed N s  It is mended (emon3)
          ignored N s  It may fail (all hosts)
                                all hosts: it does not matter
          changed N s  It starts again (emon)

        changed: 6 on emon; 4 on emon3; 2 on emon2
        lab emon at company: ok, 12 changed, N s
        """
    )
    assert ran.code == 0
    assert "[WARNING]: the CA ends soon" in ran.errors
    assert "sesame" not in ran.output + ran.errors


def test_faults_come_last_and_once(play: Play) -> None:
    ran = play(
        """
        - name: The hosts are fit
          hosts: lab:more
          gather_facts: false
          tasks:
            - name: Some items fail
              gives: {failed: "{{ item != 'b' }}", msg: "it is {{ item }}"}
              loop: [a, b, c]
              when: inventory_hostname == 'emon5'
            - name: A secret is read
              gives: {failed: true, msg: sesame}
              no_log: true
              when: inventory_hostname == 'emon2'
            - name: It is refused
              gives: {failed: true, msg: "ignored\\nwhere there are", faults: [no etcd, no dockerd]}
              when: inventory_hostname in ['emon', 'emon4']
            - name: It runs on
              gives: {changed: true}
            - name: A program fails
              gives: {failed: true, msg: non-zero return code, rc: 3, stdout: what, stderr: "because\\nof that\\n"}
            - name: Never
              gives: {changed: true}
        """
    )
    assert plain(ran.output) == textwrap.dedent(
        """\
        The hosts are fit
          failed N s  Some items fail (emon5)
          failed N s  A secret is read (emon2)
          failed N s  It is refused (emon, emon4)
          changed N s  It runs on (emon3)
          failed N s  A program fails (emon3)

        changed: 1 on emon3
        failed: emon, emon2, emon3, emon4, emon5
        Some items fail:
          emon5: a: it is a
          emon5: c: it is c
        A secret is read:
          emon2: its output is hidden, because no_log is set
        It is refused:
          emon, emon4: no etcd
          emon, emon4: no dockerd
        A program fails:
          emon3: non-zero return code
              because
              of that
        lab emon at company: failed: 6 faults, N s
        """
    )
    assert ran.code == 2
    assert "sesame" not in ran.output + ran.errors


def test_hosts_that_are_away_and_faults_of_the_run(play: Play) -> None:
    ran = play(
        """
        - name: The hosts are fit
          hosts: lab
          gather_facts: false
          tasks:
            - name: They answer
              gives: {unreachable: "{{ inventory_hostname == 'emon2' }}", msg: no route to it}
            - name: Those that are left change
              gives: {changed: true}
            - name: One that is away is left out
              gives: {unreachable: "{{ inventory_hostname == 'emon3' }}", msg: no route}
              ignore_unreachable: true
            - name: All hosts are fit
              ansible.builtin.fail: {msg: ["emon: no etcd", "emon3: no dockerd"]}
              run_once: true
        """
    )
    assert plain(ran.output) == textwrap.dedent(
        """\
        The hosts are fit
          unreachable N s  They answer (emon2)
          changed N s  Those that are left change (all hosts)
          failed N s  All hosts are fit

        changed: 1 each on emon, emon3
        failed: emon; unreachable: emon2
        They answer:
          emon2: unreachable: no route to it
        All hosts are fit:
          emon: no etcd
          emon3: no dockerd
        lab emon at company: failed: 3 faults, N s
        """
    )
    assert ran.code == 4


CHANGES = """
    - name: The lab stands
      hosts: lab
      gather_facts: false
      tasks:
        - name: A file
          gives: {changed: true, diff: {before: "old\\n", after: "new\\n"}}
        - name: A file of each
          gives: {changed: true, diff: {prepared: "+{{ inventory_hostname }}"}}
          when: inventory_hostname != 'emon3'
        - name: Two files
          gives: {changed: true, diff: {prepared: "+{{ item }}"}}
          loop: [a, b]
          run_once: true
"""


def test_check_mode_with_differences_and_no_colours(play: Play) -> None:
    ran = play(CHANGES, "--check", "--diff", terminal=True, NO_COLOR="1", TERM="dumb")
    assert plain(ran.output) == textwrap.dedent(
        """\
        The lab stands
          would change N s  A file (all hosts)
        all hosts:
        --- before
        +++ after
        @@ -1 +1 @@
        -old
        +new
          would change N s  A file of each (emon, emon2)
        emon:
        +emon
        emon2:
        +emon2
          would change N s  Two files, 2 items
        +a
        +b

        would change: 3 on emon; 2 on emon2; 1 on emon3
        lab emon at company: ok, 6 would change, N s
        """
    )


def test_a_plan_counts_the_lines_of_its_table(play: Play) -> None:
    ran = play(
        """\
        - name: A plan
          hosts: lab
          gather_facts: false
          tasks:
            - name: A look at each
              gives: {}
            - name: Count what the run would change
              ansible.builtin.set_stats:
                data: {lab_would_change: [emon, emon, emon2]}
              run_once: true
        """,
        "--check",
    )
    assert plain(ran.output).splitlines()[-2:] == [
        "would change: 2 on emon; 1 on emon2",
        "lab emon at company: ok, 3 would change, N s",
    ]


def test_a_step_that_decides_itself_whether_it_only_checks(play: Play) -> None:
    ran = play(
        """\
        - name: Both ways
          hosts: emon
          gather_facts: false
          tasks:
            - name: A real file
              gives: {changed: true}
              check_mode: "{{ inventory_hostname == 'nobody' }}"
            - name: A file that is only compared
              gives: {changed: true}
              check_mode: "{{ inventory_hostname != 'nobody' }}"
        """
    )
    assert [line for line in plain(ran.output).splitlines() if "A real" in line or "only compared" in line] == [
        "  changed N s  A real file (emon)",
        "  would change N s  A file that is only compared (emon)",
    ]


def test_each_step_and_its_results_where_that_is_asked_for(play: Play) -> None:
    ran = play(
        """
        - name: The lab stands
          hosts: emon
          gather_facts: false
          tasks:
            - name: Nothing differs
              gives: {changed: false, found: 3}
            - name: A secret is read
              gives: {changed: false, found: "{{ 'ses' ~ 'ame' }}"}
              no_log: true
            - name: It breaks
              ansible.builtin.debug: {msg: "{{ nothing }}"}
        """,
        "-v",
    )
    assert plain(ran.output).splitlines()[1:5] == [
        "The lab stands",
        "  ok N s  Nothing differs (emon)",
        "emon: changed: false",
        "    found: 3",
    ]
    # Ansible's own error, with the place in the playbook.
    assert "play.yml:12:7" in ran.output + ran.errors
    assert "sesame" not in ran.output + ran.errors
    assert plain(ran.output).splitlines()[-2:] == [
        "  emon: Finalization of task args for 'ansible.builtin.debug' failed: Error while resolving value for 'msg':"
        " 'nothing' is undefined",
        "lab emon at company: failed: 1 fault, N s",
    ]


SLOW = f"""
    - name: The lab stands
      hosts: lab
      gather_facts: false
      tasks:
        - name: It boots
          ansible.builtin.set_fact: {{booted: "{_SLOW}"}}
          when: inventory_hostname == 'emon3'
        - name: It starts
          gives: {{changed: "{{{{ inventory_hostname == 'emon3' and booted == '' }}}}"}}
"""


def test_a_slow_step_says_how_long_it_takes(play: Play, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/durations.json").write_text("{damaged", encoding="utf-8")
    for known in ("", ", last time N s"):
        ran = play(SLOW, OVERLAY_LAB_SLOW="2")
        assert plain(ran.output) == textwrap.dedent(
            f"""\
            The lab stands
              running N s  It boots (emon3){known}
              ok N s  It boots (emon3)
              changed N s  It starts (emon3)

            changed: 1 on emon3
            lab emon at company: ok, 1 changed, N s
            """
        )


def test_a_terminal_has_a_live_line_and_colours(play: Play) -> None:
    text = SLOW + "        - name: It fails\n          gives: {failed: true, msg: it is down}\n"
    output = play(text, terminal=True, OVERLAY_LAB_SLOW="2").output
    assert re.search(r"\n  running +2\.[0-9] s  It boots \(emon3\)\x1b\[K\r  running ", output)
    assert "\x1b[K\x1b[0;32m  ok " in output
    assert "\x1b[0;31m  all hosts: it is down\x1b[0m\n\x1b[0;31mlab emon at company: failed: 1 fault, " in output


def test_what_failed_is_told_where_the_run_does_not_end(play: Play) -> None:
    ran = play(
        """
        - name: The hosts are fit
          hosts: lab
          gather_facts: false
          tasks:
            - name: It is refused
              gives: {failed: true, msg: no etcd}
              when: inventory_hostname == 'emon'
            - name: The run is interrupted
              ansible.builtin.set_fact:
                none: "{{ lookup('ansible.builtin.pipe', 'kill -INT $(ps -o ppid= -p $PPID)') }}"
              when: inventory_hostname == 'emon2'
        """
    )
    assert plain(ran.output) == textwrap.dedent(
        """\
        The hosts are fit
          failed N s  It is refused (emon)
        It is refused:
          emon: no etcd
        lab emon at company: ended early, 1 fault, N s
        """
    )
    assert ran.code == 99


ASKED = """
    - hosts: lab
      gather_facts: false
      tasks:
        - name: Change something
          gives: {changed: true}
        - name: Say something
          debug:
            msg: "{{ said }}"
          run_once: true
        - name: Refuse something
          fail:
            msg: [one, two]
          run_once: true
          when: refused | default(false) | bool
"""


def test_messages_only(play: Play) -> None:
    ran = play(ASKED, "-e", '{"said": ["HOST  STATE", "emon  off"]}', OVERLAY_LAB_MESSAGES_ONLY="1")
    assert (ran.code, ran.output, ran.errors) == (0, "HOST  STATE\nemon  off\n", "")


def test_messages_only_is_so_with_more_words_as_well(play: Play) -> None:
    again = """
    - hosts: emon
      gather_facts: false
      tasks:
        - name: Try again
          gives: {changed: false, tries: 1}
          register: tried
          until: tried.tries > 1
          retries: 2
          delay: 0
          ignore_errors: true
    """
    ran = play(again + ASKED.strip(), "-v", "-e", "said=[]", OVERLAY_LAB_MESSAGES_ONLY="1")
    # The first line is Ansible's own.
    assert ran.output.splitlines()[1:] == ["[]"]


def test_messages_only_on_a_terminal(play: Play) -> None:
    settings = {"OVERLAY_LAB_MESSAGES_ONLY": "1", "OVERLAY_LAB_SLOW": "0.1", "NO_COLOR": "1"}
    ran = play(ASKED, "-e", f"said={_SLOW}{{{{ 1 }}}}", terminal=True, **settings)
    assert ran.output == "1\n"


def test_messages_only_has_faults_on_standard_error(play: Play) -> None:
    ran = play(ASKED, "-e", '{"said": "{\\"ok\\": false}", "refused": true}', OVERLAY_LAB_MESSAGES_ONLY="1")
    assert (ran.code, ran.output) == (2, '{"ok": false}\n')
    assert ran.errors == "Refuse something:\n  one\n  two\n"
