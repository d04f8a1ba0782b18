"""Someone else's implementation, from the side of the kit: ask, and wait so long."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from parity_tests import border
from parity_tests.kit import worker

ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # for cases as small as these, unless asked for


class NotRunnableError(Exception):
    """The implementation could not be loaded, so nothing can be said of it."""


class Implementation:
    """A process that holds `module:name` and answers requests within a time limit.

    Whatever the code does (raise, hang, print, end the process, change its inputs)
    comes back as an answer: `{"output": …}` or `{"trouble": "…"}`; it is `final` where
    no further answer will come.
    """

    def __init__(self, target: str, time_limit: float = 10.0):
        self.target = target
        self.time_limit = time_limit
        self._connection, theirs = multiprocessing.Pipe()
        path = [str(Path.cwd()), *sys.path]  # as `python -m` finds modules
        self._process = subprocess.Popen(
            [sys.executable, "-m", worker.__name__, str(theirs.fileno()), target],
            env=ONE_THREAD | os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        loaded = self._receive(max(60.0, self.time_limit))
        if "trouble" in loaded:
            self.close()
            raise NotRunnableError(f"{self.target} {loaded['trouble']}")
        self.kind = loaded["loaded"]

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run one request."""
        self._connection.send_bytes(border.write(request))
        return self._receive(self.time_limit)

    def _receive(self, time_limit: float) -> dict[str, Any]:
        try:
            if self._connection.poll(time_limit):
                answer: dict[str, Any] = border.read(self._connection.recv_bytes())
                return answer
        except (EOFError, OSError):
            self._process.wait()
            said = f"ends its process (exit {self._process.returncode})"
            return {"trouble": said, "final": True}
        self._process.kill()
        self._process.wait()
        return {"trouble": f"takes longer than {time_limit:g} s", "final": True}

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
