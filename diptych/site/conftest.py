"""A small site, a server and a browser, each started once for all tests here."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diptych.site.browser import browser, why_no_browser
from diptych.site.build import build
from diptych.site.serve import HOST, open_server

SOME = ("tokenizers/character", "attention/causal", "attention/multi_head")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pages of three pairs."""
    folder = tmp_path_factory.mktemp("site")
    build(folder, SOME)
    return folder


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the pages of all pairs."""
    folder = tmp_path_factory.mktemp("whole-site")
    build(folder)
    return folder


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve all pages; yield the address."""
    with open_server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start a browser, or skip and say what is missing."""
    if missing := why_no_browser():
        pytest.skip(f"no browser test ran: {missing}")
    with browser() as started:
        yield started


@pytest.fixture
def view(chromium: Any) -> Iterator[Any]:
    """Open an empty page of 1440 pixels' width; an error in a script is a failure."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.extend([said.text] * (said.type == "error")))
    page.errors = errors
    yield page
    context.close()
    assert errors == []
