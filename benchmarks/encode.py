"""How fast GPT-2's tokenizer encodes, as ratios to tiktoken within this run.

Run by hand: `python benchmarks/encode.py`. One thread; CPU seconds, the best of
several interleaved runs. The corpus is 8 MB of English technical text that every
installation has: the Jargon File, then the documentation strings of the Python
modules that are installed (standard library, NumPy, PyTorch), each one once.
"""

import argparse
import ast
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tiktoken
import torch
from parity_tests.sample_text import jargon_file

import reference.tokenizers.byte_pair as reference
import torch_impl.tokenizers.byte_pair as torch_impl

PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++"
    r"|\s++$|\s+(?!\S)|\s"
)


def corpus(n_bytes: int) -> str:
    """Join the Jargon File and documentation strings up to a size."""
    texts, size = [jargon_file()], len(jargon_file().encode())
    seen = set()
    for text in documentation():
        if size >= n_bytes:
            break
        if text not in seen:
            seen.add(text)
            texts.append(text)
            size += len(text.encode()) + 2
    return "\n\n".join(texts).encode()[:n_bytes].decode("utf-8", errors="ignore")


def documentation() -> Iterator[str]:
    """Yield the documentation strings of the installed modules."""
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib")]
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path in sorted({p for folder in folders for p in folder.rglob("*.py")}):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue  # test data of the standard library is broken on purpose
        for node in ast.walk(tree):
            if isinstance(node, kinds):
                try:
                    (text := ast.get_docstring(node)) and text.encode()
                except UnicodeEncodeError:
                    continue
                if text:
                    yield text


def worst_cases() -> dict[str, str]:
    """Name 1 MB each of text that is one long word, or nearly."""
    rng = np.random.default_rng(0)
    letters = rng.integers(ord("a"), ord("z") + 1, 1_000_000)
    cjk = rng.integers(0x4E00, 0x9FFF, 333_333)
    return {
        "one letter": "a" * 1_000_000,
        "spaces": " " * 1_000_000,
        "newlines": "\n" * 1_000_000,
        "random letters": "".join(map(chr, letters.tolist())),
        "random CJK": "".join(map(chr, cjk.tolist())),
        "one CJK character": "猫" * 333_333,
        "contractions": "'s" * 500_000,
        "the Jargon File, no spaces": "".join(jargon_file().split())[:1_000_000],
    }


def best(runs: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """Run all in turn, several times; give the least CPU seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return {name: min(found) for name, found in seconds.items()}


def main() -> None:
    """Print how fast each side is, beside tiktoken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=8.0)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")

    sides: dict[str, Any] = {}
    for name, module in (("reference", reference), ("torch_impl", torch_impl)):
        start = time.process_time()
        sides[name] = module.BytePairTokenizer.gpt2()
        print(f"{name}: gpt2() in {time.process_time() - start:.2f} s")
    spelled = [sides["reference"].decode_bytes([n]) for n in range(50_256)]
    ranks = {token: number for number, token in enumerate(spelled)}
    rust = tiktoken.Encoding(
        "gpt2", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={}
    )

    text = corpus(int(options.megabytes * 1e6))
    size = len(text.encode()) / 1e6
    expected = rust.encode(text)
    for name, side in sides.items():
        same = side.encode(text, disallowed_special=()).tolist() == expected
        print(f"{name}: the {len(expected):,} ids are tiktoken's: {same}")
    runs = {"tiktoken": lambda: rust.encode(text)} | {
        name: partial(side.encode, text, disallowed_special=())
        for name, side in sides.items()
    }
    seconds = best(runs, options.times)
    print(f"\n{size:.2f} MB of English, best of {options.times}")
    for name, least in seconds.items():
        speed, ratio = size / least, seconds["tiktoken"] / least
        print(f"{name:12} {least:6.3f} s  {speed:5.2f} MB/s  {ratio:5.2f} x tiktoken")

    print("\ntime per byte, English = 1")
    for kind, worst in worst_cases().items():
        n_mb = len(worst.encode()) / 1e6
        found = best({n: partial(s.encode, worst) for n, s in sides.items()}, 2)
        ratios = [f"{n} {found[n] / n_mb / (seconds[n] / size):5.2f}" for n in sides]
        same = sides["reference"].encode(worst).tolist() == rust.encode(worst)
        print(f"{kind:28} {'   '.join(ratios)}   ids are tiktoken's: {same}")


if __name__ == "__main__":
    main()
