"""How soon an edit is answered by `diptych serve`, and seen in a browser.

Run `python benchmarks/reader.py`. The first answer is left out: it loads what the
others use. The browser part needs chromium on the PATH.
"""

import statistics
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

from diptych.site.browser import browser, why_no_browser
from diptych.site.serve import HOST, open_server

PAIRS = ("attention/causal", "attention/multi_head", "tokenizers/byte_pair")
TEXTS = ("a", "a b", "a b c", "b c d e", "c d", "she sells sea shells")


def milliseconds(edit: Callable[[str], object]) -> list[float]:
    """Time one edit after the other, less the first."""
    times = []
    for text in TEXTS:
        begin = time.perf_counter()
        edit(text)
        times.append(1000 * (time.perf_counter() - begin))
    return times[1:]


def report(name: str, times: list[float]) -> None:
    """Print the median and the longest of some times."""
    print(
        f"{name:<32} median {statistics.median(times):4.0f} ms, max {max(times):4.0f}"
    )


def main() -> None:
    """Time edits at the server alone, and in a browser."""
    with open_server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{HOST}:{server.server_address[1]}/"
        for pair in PAIRS:

            def answer(text: str, pair: str = pair) -> None:
                query = urllib.parse.urlencode({"text": text})
                urllib.request.urlopen(f"{address}{pair}.html?{query}").read()

            report(f"server, {pair}", milliseconds(answer))
        if missing := why_no_browser():
            print(f"no browser: {missing}")
        else:
            in_browser(address)
        server.shutdown()


def in_browser(address: str) -> None:
    """Time from typing until the page has the tokens of the new text."""
    with browser() as started:
        page = started.new_page()
        page.goto(f"{address}attention/causal.html")

        def edit(text: str) -> None:
            page.fill("#in-text", text)
            page.wait_for_function(
                "n => document.querySelectorAll('#outcome .token').length === n",
                arg=len(text.split()),
                polling=5,
            )

        report("browser, attention/causal", milliseconds(edit))


if __name__ == "__main__":
    main()
