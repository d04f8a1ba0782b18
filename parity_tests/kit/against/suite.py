"""Run someone's test command, with their code or with something in its place."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parity_tests.kit.against.hook import STARTUP, VARIABLE

LAST = 4  # lines of what a command prints that are repeated


@dataclass(frozen=True)
class Run:
    """How a command ended: its status, its last lines, and what the hook noted.

    No status means that it took too long.
    """

    status: int | None
    seconds: float
    last_lines: list[str] = field(default_factory=list)
    noted: frozenset[str] = frozenset()

    @property
    def passes(self) -> bool:
        """Whether all tests pass."""
        return self.status == 0

    @property
    def ending(self) -> str:
        """Say how it ended, in words."""
        if self.status is None:
            return f"takes longer than {self.seconds:.0f} s"
        if self.status < 0:
            return f"is ended by signal {-self.status}"
        return "\n".join([f"exit status {self.status}", *self.last_lines])


def run_suite(
    command: str, limit: float | None = None, order: Mapping[str, Any] | None = None
) -> Run:
    """Run a test command here; `order` says what to put in place of which code.

    Raises:
        OSError: there is no such command.
    """
    with TemporaryDirectory(prefix="diptych-against-") as name:
        folder, started = Path(name), time.monotonic()
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                shlex.split(command),
                env=environment(folder, order),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that what it starts ends with it
            )
            status = status_of(process, limit)
        seconds = time.monotonic() - started
        noted = frozenset(path.name for path in (folder / "notes").iterdir())
        return Run(status, seconds, last_lines(folder / "output"), noted)


def environment(folder: Path, order: Mapping[str, Any] | None) -> dict[str, str]:
    """Set what the command inherits: its own files elsewhere, and the hook."""
    (folder / "notes").mkdir()
    (folder / "startup").mkdir()
    (folder / "startup" / "sitecustomize.py").write_text(STARTUP, encoding="utf-8")
    own, elsewhere = os.environ, f"-o cache_dir={shlex.quote(str(folder))}"
    more = {
        # What runs diptych has the packages that it needs.
        "PATH": joined(str(Path(sys.executable).parent), own.get("PATH")),
        # What fails here is no failure to remember.
        "PYTEST_ADDOPTS": f"{own.get('PYTEST_ADDOPTS', '')} {elsewhere}",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    if order is not None:
        more[VARIABLE] = json.dumps({**order, "notes": str(folder / "notes")})
        more["PYTHONPATH"] = joined(str(folder / "startup"), own.get("PYTHONPATH"))
    return {**own, **more}


def joined(first: str, others: str | None) -> str:
    """Put a folder in front of others."""
    return os.pathsep.join(filter(None, [first, others]))


def status_of(process: subprocess.Popen[bytes], limit: float | None) -> int | None:
    """Wait so long for a process, then end it and all that it started.

    Returns its exit status, or none where it was ended.
    """
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def last_lines(path: Path) -> list[str]:
    """Read the last lines of a file that have something in them."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.rstrip() for line in lines if line.strip(" -=_")][-LAST:]
