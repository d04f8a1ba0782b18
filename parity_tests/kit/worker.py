"""The process that other people's code runs in, so that it cannot harm the kit."""

import importlib
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

from parity_tests.contract import border
from parity_tests.kit.printed import Printed
from parity_tests.kit.running import is_module


def serve(connection: Connection, target: str) -> None:
    """Load `module:name`, say so, then answer one request after another."""
    printed, process = Printed(), os.getpid()
    try:
        implementation = load(target)
        if not callable(implementation):
            raise TypeError(f"{type(implementation).__name__} cannot be called")
    except BaseException as error:
        connection.send_bytes(border.write({"trouble": raised(error)}))
        return
    connection.send_bytes(border.write({"is_module": is_module(implementation)}))
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        answer = attempt(implementation, message)
        if os.getpid() != process:  # a child that was forked on the way
            os._exit(0)
        answer["printed"] = printed.taken()
        connection.send_bytes(border.write(answer))


def load(target: str) -> Any:
    """Import what `module:name` names; the name may have dots.

    Raises:
        ValueError: `target` has no colon.
    """
    module, colon, name = target.partition(":")
    if not colon:
        raise ValueError(f"an implementation is named module:name, got {target}")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def attempt(implementation: Any, message: bytes) -> dict[str, Any]:
    """Run one request; return what came out, or what went wrong."""
    request = border.read(message)
    run = load(request["worker"])
    try:
        answer: dict[str, Any] = run(implementation, request)
    except BaseException as error:
        return {"trouble": raised(error)}
    return {"trouble": "changes its inputs"} if changed(request, message) else answer


def changed(request: dict[str, Any], message: bytes) -> bool:
    """Whether a request is no longer what the message said."""
    try:
        return border.write(request) != message
    except (TypeError, ValueError):  # it holds something that was not in it
        return True


def raised(error: BaseException) -> str:
    """Write an exception in one line."""
    return f"raises {type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2])
