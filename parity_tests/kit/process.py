"""The process of an implementation, seen from the kit: ask, and wait so long."""

import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from parity_tests.contract import border
from parity_tests.kit import worker

ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # for cases as small as these, unless asked for


class NotRunnableError(Exception):
    """The implementation could not be loaded, so nothing can be said of it."""


class Process:
    """A process that holds `module:name` and answers requests within a time limit.

    Whatever the code does (raise, hang, print, fork, end the process, change its
    inputs) comes back as an answer: `{"output": …}` or `{"trouble": "…"}`; it is
    `final` where no further answer will come. `is_module` says whether the
    implementation is a module class of PyTorch.
    """

    def __init__(self, target: str, time_limit: float = 10.0):
        self.time_limit = time_limit
        self._lives = True
        self._connection, theirs = multiprocessing.Pipe()
        path = [str(Path.cwd()), *sys.path]  # as `python -m` finds modules
        self._process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__, str(theirs.fileno()), target],
            env=ONE_THREAD | os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # so that what it forks ends with it
        )
        theirs.close()
        loaded = self._receive(max(60.0, self.time_limit))
        if "trouble" in loaded:
            self.close()
            raise NotRunnableError(f"{target} {loaded['trouble']}")
        self.is_module: bool = loaded["is_module"]

    def ask(self, message: bytes) -> dict[str, Any]:
        """Run one request, written as `border` writes it."""
        self._connection.send_bytes(message)
        return self._receive(self.time_limit)

    def _receive(self, time_limit: float) -> dict[str, Any]:
        try:
            if self._connection.poll(time_limit):
                answer: dict[str, Any] = border.read(self._connection.recv_bytes())
                return answer
        except (EOFError, OSError):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(time_limit)
        ended = self._process.poll()  # also where a child holds the connection open
        self._kill()
        if ended is not None:
            return {"trouble": f"ends its process (exit {ended})", "final": True}
        return {"trouble": f"takes longer than {time_limit:g} s", "final": True}

    def _kill(self) -> None:
        """Kill the process and all that it forked, once: its number may return."""
        if self._lives:
            self._lives = False
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
