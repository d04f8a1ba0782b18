"""Do the tests that minbpe and tiktoken have of their tokenizers pass on ours?

Run by hand: `python -m benchmarks.peers --minbpe DIR --tiktoken DIR`, with checkouts of
karpathy/minbpe and openai/tiktoken. A test counts if the peer itself passes it with no
other vocabulary than GPT-2's. Then merges are learned from random texts, by ours, by
minbpe and by rustbpe.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from parity_tests.tokenizers.rustbpe_oracle import learned_by_rustbpe

ROOT = Path(__file__).parents[2]
OURS = [
    f"{backend}.{part}"
    for part in ("BytePairTokenizer", "ParallelBytePairTokenizer")
    for backend in ("reference", "torch_impl")
]
N_TEXTS, N_MERGES = 300, 20
ALPHABETS = ["ab ", "abcde ", "ab'1é\n ", "the cat sat "]
Learned = tuple[list[Any], list[int]]  # merges, and the ids of a text


def outcomes(peer: str, name: str, checkout: Path) -> dict[str, str]:
    """Run a peer's tests in a new process; give the reason why each failed, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "outcomes.json"
        paths = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "benchmarks.peers.tests"]
        run = subprocess.run(
            [*command, peer, name, str(checkout), str(found)],
            cwd=folder,
            env=os.environ | paths,
            capture_output=True,
            text=True,
        )
        reasons = json.loads(found.read_text("utf-8")) if found.exists() else {}
    if not reasons:
        raise RuntimeError(f"no test of {peer} ran: {run.stdout}{run.stderr}")
    return reasons


def run_tests_of(peer: str, checkout: Path) -> None:
    """Print how many of a peer's tests pass on each of ours, and which do not."""
    control = outcomes(peer, "itself", checkout)
    counted = [test for test, reason in control.items() if not reason]
    print(f"\n{peer}: {len(control)} tests, of which it passes {len(counted)} itself")
    for test, reason in control.items():
        if reason:
            print(f"    left out: {test}: {reason}")
    for name in OURS:
        ours = outcomes(peer, name, checkout)
        failed = {t: why for t in counted if (why := ours.get(t, "it did not run"))}
        print(f"{name}: {len(counted) - len(failed)}/{len(counted)}")
        for test, reason in failed.items():
            print(f"    failed: {test}: {reason}")


def texts() -> list[str]:
    """Draw texts of few letters, in which many pairs are equally frequent."""
    rng = Random(0)
    return [
        "".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(200, 400)))
        for _ in range(N_TEXTS)
    ]


def merges_and_ids(learned: Any, text: str) -> Learned:
    """List the pairs that ours merges, and the ids of the text."""
    pairs = [tuple(map(int, pair)) for pair in learned.merges]
    return pairs, learned.encode(text).tolist()


def tokens_and_ids(learned: Any, text: str) -> Learned:
    """List the bytes of the tokens that merges make, and the ids of the text."""
    made = [learned.decode_bytes([256 + n]) for n in range(N_MERGES)]
    return made, learned.encode(text).tolist()


def of_minbpe(text: str) -> Learned:
    """Learn with minbpe, its texts cut by GPT-2's pattern."""
    minbpe = import_module("minbpe.regex")
    theirs = minbpe.RegexTokenizer(minbpe.GPT2_SPLIT_PATTERN)
    theirs.train(text, 256 + N_MERGES)
    return [*theirs.merges], theirs.encode(text)


def of_rustbpe(text: str) -> Learned:
    """Learn with rustbpe, its texts cut by GPT-2's pattern; it does not say pairs."""
    theirs = learned_by_rustbpe(text, 256 + N_MERGES)
    ranks = sorted(theirs.get_mergeable_ranks(), key=lambda rank: rank[1])
    return [bytes(token) for token, _ in ranks[256:]], theirs.encode(text)


def compare_merges(
    peer: str,
    theirs: Callable[[str], Learned],
    ours: Callable[[Any, str], Learned],
    tie_break: str,
) -> None:
    """Print in how many random texts ours learn what a peer learns."""
    expected = {text: theirs(text) for text in texts()}
    for name in OURS:
        package, _, part = name.partition(".")
        learn = getattr(import_module(package), part).from_text
        n_equal = sum(
            ours(learn(text, 256 + N_MERGES, (), tie_break), text) == found
            for text, found in expected.items()
        )
        print(f"{name}: merges and ids of {peer} in {n_equal}/{len(expected)} texts")


def main() -> None:
    """Run the tests of the peers whose checkout is given, and compare merges."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--minbpe", type=Path)
    parser.add_argument("--tiktoken", type=Path)
    checkouts = {n: p.resolve() for n, p in vars(parser.parse_args()).items() if p}
    for peer, checkout in checkouts.items():
        run_tests_of(peer, checkout)
    print(f"\n{N_TEXTS} random texts, {N_MERGES} merges each")
    if "minbpe" in checkouts:
        sys.path.insert(0, str(checkouts["minbpe"]))
        compare_merges("minbpe", of_minbpe, merges_and_ids, "first_seen")
    if find_spec("rustbpe"):
        compare_merges("rustbpe", of_rustbpe, tokens_and_ids, "pair_id")


if __name__ == "__main__":
    main()
