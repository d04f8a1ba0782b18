"""The server: on this machine alone, for pages of its own alone, with time limits.

It listens on the loopback. A request must name this server as its host, and no other
site as its origin, so that a page elsewhere cannot use a reader's browser to ask. An
answer is one of `diptych.site.answers`.
"""

import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from diptych.site.answers import Answer, answer, rejected
from diptych.site.pages import POLICY

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
MOST_AT_ONCE = 16
LONGEST_SILENCE = 5.0  # seconds without a byte
LONGEST_REQUEST = 30.0  # seconds for all of it
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: "Server"
    timeout = LONGEST_SILENCE
    server_version = "diptych"
    sys_version = ""

    def setup(self) -> None:
        """Set the time at which the connection is closed, come what may."""
        super().setup()
        self.deadline = threading.Timer(LONGEST_REQUEST, hang_up, [self.connection])
        self.deadline.daemon = True
        self.deadline.start()

    def finish(self) -> None:
        """End the connection, which the client may have done already."""
        self.deadline.cancel()
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        """Answer with a page or a file."""
        self.send(self.found())

    def do_HEAD(self) -> None:
        """Answer without the body."""
        self.send(self.found(), with_body=False)

    def found(self) -> Answer:
        """Check who asks, then find the answer; whatever goes wrong is a sentence."""
        self.server.has_asked(self.connection)
        port = self.connection.getsockname()[1]
        hosts = {f"{name}:{port}" for name in NAMES}
        if self.headers.get("Host", "") not in hosts:
            return rejected(403, "This server answers under its own address only.")
        origin = self.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in hosts:
            return rejected(403, "This server answers its own pages only.")
        try:
            return answer(self.path)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return rejected(500, "The reader failed; the terminal has the details.")

    def send(self, found: Answer, with_body: bool = True) -> None:
        """Send an answer with the headers that every answer has."""
        self.send_response(found.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(found.body)

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Answer what the base class rejects with a sentence as well."""
        self.close_connection = True
        self.request_version = getattr(self, "request_version", "HTTP/1.0")
        self.send(rejected(int(code), f"{message or 'This cannot be answered'}."))

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: what a reader types is private."""


class Server(ThreadingHTTPServer):
    """A thread a connection, but not more than some at once.

    Where there are too many, the one that has been silent longest makes room: idle
    connections keep nobody waiting.
    """

    daemon_threads = True
    request_queue_size = 4 * MOST_AT_ONCE

    def __init__(self, *args: Any):
        self.lock = threading.Lock()
        self.silent: dict[socket.socket, None] = {}  # the oldest first
        self.asking: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, or hang up where too many are being answered."""
        with self.lock:
            is_full = len(self.silent) + len(self.asking) >= MOST_AT_ONCE
            if is_full and self.silent:
                oldest = next(iter(self.silent))
                del self.silent[oldest]
                hang_up(oldest)
                is_full = False
            if not is_full:
                self.silent[request] = None
        if is_full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def has_asked(self, connection: socket.socket) -> None:
        """Note that a connection has sent its request, and is silent no longer."""
        with self.lock:
            self.silent.pop(connection, None)
            self.asking.add(connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, then make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.lock:
                self.silent.pop(request, None)
                self.asking.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that went away; print anything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def hang_up(connection: socket.socket) -> None:
    """Close a connection that took too long."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def open_server(port: int = 0) -> Server:
    """Listen on the loopback; port 0 takes one that is free."""
    return Server((HOST, port), Handler)
