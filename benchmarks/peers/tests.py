"""Run a peer's own tests on a tokenizer of ours, and write what came of each.

`python -m benchmarks.peers` starts it in a process of its own, with PEER, PART,
CHECKOUT and OUTCOMES; PART is such as `reference.BytePairTokenizer`, or `itself`.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import tiktoken

from benchmarks.peers.as_minbpe import as_minbpe, let_minbpe_have_gpt2
from benchmarks.peers.as_tiktoken import as_tiktoken
from benchmarks.peers.vocabulary import peers_own, special_tokens_of

FILES = {  # those about tokenizers; the others are about names of models and imports
    "minbpe": ["test_tokenizer.py"],
    "tiktoken": ["test_encoding.py", "test_offsets.py", "test_pickle.py"],
}
ADAPTERS = {"minbpe": as_minbpe, "tiktoken": as_tiktoken}


class Outcomes:
    """The tests that ran, each with the reason for which it failed, or with ""."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note what came of a test."""
        if report.failed:
            message = report.longrepr.reprcrash.message
            self.reasons[report.nodeid] = message.partition("\n")[0]
        elif report.passed and report.when == "call":
            self.reasons.setdefault(report.nodeid, "")


def install(peer: str, part: Any, checkout: Path) -> None:
    """Let a peer's tests import a tokenizer of ours, or itself where `part` is None."""
    vars(tiktoken)["get_encoding"] = lambda name: peers_own(special_tokens_of(name))
    if part is not None:
        sys.modules[peer] = ADAPTERS[peer](part)
    elif peer == "minbpe":
        let_minbpe_have_gpt2(checkout)


def main() -> None:
    """Put the tokenizer where the tests import it from, then run them."""
    peer, name, folder, outcomes = sys.argv[1:]
    package, _, part = name.partition(".")
    ours = getattr(import_module(package), part) if part else None
    install(peer, ours, Path(folder))
    found = Outcomes()
    pytest.main(
        [
            *(str(Path(folder) / "tests" / file) for file in FILES[peer]),
            *("-q", "--rootdir", folder, "-c", os.devnull, "--hypothesis-seed=0"),
            *("-p", "no:cacheprovider", "-p", "no:diptych"),
        ],
        plugins=[found],
    )
    Path(outcomes).write_text(json.dumps(found.reasons), encoding="utf-8")


if __name__ == "__main__":
    main()
