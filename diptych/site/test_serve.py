"""The server: who is answered, what is rejected, and what idle clients change."""

import http.client
import socket
import time
from urllib.parse import quote, urlsplit

import pytest

from diptych.site import serve


def ask(
    served: str, target: str = "/index.html", method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    url = urlsplit(served)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, headers=named)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer, body


def test_it_listens_on_the_loopback_alone(served: str) -> None:
    assert urlsplit(served).hostname == "127.0.0.1"
    with serve.open_server() as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"


def test_an_answer_forbids_other_origins(served: str) -> None:
    answer, _ = ask(served)

    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:1"},
    ],
)
def test_another_host_or_origin_is_rejected(
    served: str, headers: dict[str, str]
) -> None:
    answer, body = ask(served, **headers)

    assert answer.status == 403
    assert "This server answers" in body


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/nothing.html", 404),
        ("/static/../serve.py", 404),
        ("/static/%2e%2e/serve.py", 404),
        ("/source/reference/../../pyproject.toml.html", 404),
        ("/attention/causal.html?text=" + "a" * 5000, 414),
        ("/attention/causal.html?d_in=many", 400),
        ("/attention/causal.html?d_in=99", 400),
        ("/attention/causal.html?colour=red", 400),
        ("/attention/causal.html?text=", 400),
        ("/attention/causal.html?seed=" + "9" * 3000, 400),
        ("/attention/multi_head.html?num_heads=3&d_out=4", 400),
    ],
)
def test_what_cannot_be_answered_is_rejected_by_a_sentence(
    served: str, target: str, status: int
) -> None:
    answer, body = ask(served, target)

    assert answer.status == status
    assert "Traceback" not in body
    assert ". " in body or ".</p>" in body


def test_an_adversarial_choice_is_shown_as_text(served: str) -> None:
    _, body = ask(served, "/attention/causal.html?d_in=" + quote("<img src=x>"))

    assert "<img" not in body
    assert "&lt;img src=x&gt;" in body


def test_other_methods_are_rejected_by_a_sentence(served: str) -> None:
    answer, body = ask(served, method="POST")

    assert answer.status == 501
    assert "<h1>Not possible</h1>" in body


def test_a_silent_client_is_left(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve.Handler, "timeout", 0.2)
    url = urlsplit(served)

    with socket.create_connection((url.hostname, url.port)) as client:
        client.settimeout(5)
        client.sendall(b"GET / HTTP/1.1\r\n")

        assert client.recv(100) == b""


def test_idle_connections_keep_nobody_waiting(served: str) -> None:
    url = urlsplit(served)
    address = (url.hostname, url.port)
    idle = [socket.create_connection(address) for _ in range(4 * serve.MOST_AT_ONCE)]
    for client in idle[::2]:
        client.sendall(b"GET / HTTP/1.1\r\n")  # and then nothing more
    begin = time.perf_counter()

    answer, _ = ask(served, "/static/icon.svg")

    assert answer.status == 200
    assert time.perf_counter() - begin < serve.LONGEST_SILENCE / 2
    for client in idle:
        client.close()


def test_a_long_text_is_cut_with_a_sentence(served: str) -> None:
    answer, body = ask(served, "/attention/causal.html?text=" + "+".join("ab" * 100))

    assert answer.status == 200
    assert "words are shown" in body
