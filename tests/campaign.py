"""What campaigns have in common: runs of playbooks, to their end or killed on the way, and commands on hosts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def in_sandbox() -> None:
    """End this program outside of tests/sandbox."""
    if not os.environ.get("OVERLAY_LAB_SANDBOX"):
        sys.exit(f"tests/{Path(sys.argv[0]).name}: run it by tests/sandbox")


def play(inventory: str, playbook: str, *options: str) -> subprocess.Popen[str]:
    # A session of its own: workers and modules of a run are all killed with it, as by a power cut of the controller.
    return subprocess.Popen(
        ["ansible-playbook", "-i", inventory, f"playbooks/{playbook}.yml", *options],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(inventory: str, playbook: str, *options: str) -> str:
    """Run a playbook to its end and return its output. Ends this program if it fails."""
    process = play(inventory, playbook, *options)
    output, _ = process.communicate()
    if process.returncode:
        print(output)
        sys.exit(f"{playbook} by {inventory}: exit code {process.returncode}")
    return output


def kill_after(process: subprocess.Popen[str], seconds: float) -> str:
    """Kill a run after so many seconds; the task that it was in."""
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    return last_task(process)


def last_task(process: subprocess.Popen[str]) -> str:
    """Wait for a run's end; the last task that it began."""
    output, _ = process.communicate()
    tasks = [line for line in output.splitlines() if line.startswith("TASK")]
    return tasks[-1].rstrip("* ") if tasks else "before the first task"


def on(host: str, *command: str) -> str:
    """The output of a command on a simulated host. Ends this program if it fails."""
    done = subprocess.run(["tools/shell", host, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{host}: {' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def copy(host: str, script: str, to: str) -> None:
    text = Path(script).read_text(encoding="utf-8")
    subprocess.run(["tools/shell", host, "sh", "-c", f"cat > {to}"], input=text, text=True, check=True)


def on_controller(command: str) -> None:
    """Run a command by a shell here. Ends this program if it fails."""
    if subprocess.run(["sh", "-c", command], check=False).returncode:
        sys.exit(f"{command} failed")


def ad_hoc(inventory: str, host: str, module: str, options: str) -> None:
    """Run one module on a host. Ends this program if it fails."""
    command = ["ansible", "-i", inventory, host, "-m", module, "-a", options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{host}: {module}: {done.stdout}{done.stderr}")
