"""A browser without a window: for the picture of the reader, and for its tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser_path() -> str | None:
    """Find a Chromium on the search path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def why_no_browser() -> str:
    """Say what is missing to drive a browser; "" where nothing is."""
    try:
        import playwright  # noqa: F401
    except ModuleNotFoundError:
        return "the package playwright is not installed (pip install playwright)"
    if browser_path() is None:
        return "no chromium is on the search path (apt-get install chromium)"
    return ""


@contextmanager
def browser() -> Iterator[Any]:
    """Start a Chromium with an empty profile.

    Raises:
        FileNotFoundError: there is none, or nothing to drive it with.
    """
    if missing := why_no_browser():
        raise FileNotFoundError(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=browser_path(), args=list(FLAGS)
        )
        try:
            yield started
        finally:
            started.close()
