"""How fast GPT-2's tokenizer encodes, as ratios to tiktoken within one run.

Run by hand: `python benchmarks/encode.py`. One thread, CPU seconds, medians of
interleaved repeats. tiktoken has the pattern and the one special token that it ships
with GPT-2, and counts with the faster of `encode_ordinary` and `encode_to_numpy`. No
tokenizer here remembers anything from one call to the next but tiktoken's own caches.
The corpora are made of what every installation has: 8 MB of English technical text
(the packaged Jargon File, then the documentation strings of installed modules, each
once), and 8 MB of the standard library's Python source.
"""

import argparse
import ast
import json
import lzma
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import tiktoken
import torch
from tiktoken_ext.openai_public import r50k_pat_str  # the published pattern of GPT-2

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = ("reference", "torch_impl")
RNG = np.random.default_rng(0)
LOAD = """
import sys, time
from {backend}.tokenizers.parallel.byte_pair import ParallelBytePairTokenizer
def memory(field):
    lines = open("/proc/self/status", encoding="utf-8")
    return next(int(line.split()[1]) / 1024 for line in lines if field in line)
before, start = memory("VmRSS"), time.process_time()
ParallelBytePairTokenizer.load(sys.argv[1])
seconds, more = time.process_time() - start, memory("VmHWM") - before
print(f"{{seconds:.1f}} s, {{more:.0f}} MB more at the peak than before")
"""  # Linux; elsewhere the table says that there is no such file


def jargon_file() -> str:
    """Return the packaged text."""
    packed = ROOT / "parity_tests" / "text" / "jargon.txt.xz"
    return lzma.decompress(packed.read_bytes()).decode("utf-8")


def english(n_bytes: int) -> str:
    """Join the Jargon File and documentation strings up to a size."""
    texts, size = dict.fromkeys([jargon_file()]), 0
    for text in documentation():
        if size > n_bytes:
            break
        texts[text] = None
        size += len(text.encode()) + 2
    return "\n\n".join(texts).encode()[:n_bytes].decode("utf-8", errors="ignore")


def documentation() -> Iterator[str]:
    """Yield the documentation strings of the installed modules."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for source in sources("stdlib", "platlib"):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue  # test data of the standard library is broken on purpose
        for node in ast.walk(tree):
            text = ast.get_docstring(node) if isinstance(node, kinds) else None
            if text and text.isprintable() | text.isascii():  # no lone surrogates
                yield text


def python_source(n_bytes: int) -> str:
    """Join files of the standard library up to a size."""
    files, size = [], 0
    for source in sources("stdlib"):
        if size > n_bytes:
            break
        files.append(source)
        size += len(source.encode())
    return "\n".join(files).encode()[:n_bytes].decode("utf-8", errors="ignore")


def sources(*places: str) -> Iterator[str]:
    """Yield the text of every Python file in some places of the installation."""
    folders = [Path(sysconfig.get_path(place)) for place in places]
    for path in sorted({p for folder in folders for p in folder.rglob("*.py")}):
        if "platlib" in places or "site-packages" not in path.parts:
            try:
                yield path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def worst_cases() -> dict[str, str]:
    """Name 1 MB each of text that is one long word, or nearly, or no word twice."""
    letters = "".join(map(chr, RNG.integers(97, 123, 1_000_000).tolist()))
    cjk = "".join(map(chr, RNG.integers(0x4E00, 0x9FFF, 333_333).tolist()))
    distinct = " ".join(letters[n : n + 9] for n in range(0, 900_000, 9))
    return {
        "one letter": "a" * 1_000_000,
        "spaces": " " * 1_000_000,
        "newlines": "\n" * 1_000_000,
        "random letters": letters,
        "random CJK": cjk,
        "one CJK character": "猫" * 333_333,
        "contractions": "'s" * 500_000,
        "the Jargon File, no spaces": "".join(jargon_file().split())[:1_000_000],
        "distinct words": distinct,
        "the same and 48 letters": f"{distinct} {letters[:48]}",
    }


def medians(runs: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """Run all in turn, several times; give the median CPU seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def backend(name: str) -> Any:
    """Return the parallel tokenizer of a backend."""
    module = import_module(f"{name}.tokenizers.parallel.byte_pair")
    return module.ParallelBytePairTokenizer


def in_tiktoken(tokenizer: Any, special_tokens: dict[str, int]) -> tiktoken.Encoding:
    """Give tiktoken the vocabulary of a tokenizer."""
    n_ranks = tokenizer.vocab_size - len(tokenizer.special_tokens)
    ranks = {tokenizer.decode_bytes([n]): n for n in range(n_ranks)}
    return tiktoken.Encoding(
        "same",
        pat_str=r50k_pat_str,
        mergeable_ranks=ranks,
        special_tokens=special_tokens,
    )


def compare(name: str, text: str, gpt2: dict[str, Any], rust: Any, times: int) -> float:
    """Print a table of one text; give the reference's seconds for one MB."""
    size = len(text.encode()) / 1e6
    expected = rust.encode_to_numpy(text, disallowed_special=())
    runs: dict[str, Callable[[], Any]] = {
        "tiktoken encode_ordinary": partial(rust.encode_ordinary, text),
        "tiktoken encode_to_numpy": partial(
            rust.encode_to_numpy, text, disallowed_special=()
        ),
    }
    for side, tokenizer in gpt2.items():
        runs[side] = partial(tokenizer.encode, text, disallowed_special=())
    seconds = medians(runs, times)
    baseline = min(seconds[run] for run in runs if run.startswith("tiktoken"))
    print(f"\n{name}, {size:.2f} MB, {len(expected):,} ids, median of {times}")
    for run, found in seconds.items():
        same = ""
        if run in gpt2:
            same = f"ids equal: {np.array_equal(np.asarray(runs[run]()), expected)}"
        speed, ratio = size / found, baseline / found
        print(f"{run:25} {found:6.3f} s {speed:6.1f} MB/s {ratio:5.2f} x  {same}")
    return seconds["reference"] / size


def print_worst_cases(gpt2: dict[str, Any], rust: Any, per_mb: float) -> None:
    """Print how long texts take for which an encoder could be slow."""
    print(
        "\nworst inputs: CPU seconds for a MB, and in multiples of English (reference)"
    )
    for kind, text in worst_cases().items():
        runs: dict[str, Callable[[], Any]] = {
            name: partial(tokenizer.encode, text) for name, tokenizer in gpt2.items()
        }
        size, expected = len(text.encode()) / 1e6, rust.encode_to_numpy(text)
        found = medians(runs | {"tiktoken": partial(rust.encode_ordinary, text)}, 3)
        same = all(np.array_equal(np.asarray(run()), expected) for run in runs.values())
        row = "  ".join(f"{name} {found[name] / size:6.3f}" for name in found)
        multiple = found["reference"] / size / per_mb
        print(f"{kind:27} {row}  {multiple:5.1f} x  ids equal: {same}")


def print_chain(times: int = 3) -> None:
    """Print what one word costs in which 249 merges wait for each other."""
    letters = "".join(map(chr, RNG.integers(97, 123, 250_000).tolist()))
    word = letters[:250]
    codes = word.encode()
    merges = [(codes[0], codes[1]), *((254 + n, codes[n]) for n in range(2, 250))]
    filler = " ".join(letters[n : n + 7] for n in range(0, 224_000, 7))
    print(
        "\na vocabulary that is one chain, 256 kB: CPU seconds without, with its word"
    )
    tokenizers = {name: backend(name)(merges) for name in BACKENDS}
    rust = in_tiktoken(tokenizers["reference"], {})
    runs: dict[str, Callable[[str], Any]] = {"tiktoken": rust.encode_ordinary}
    for name, run in (runs | {n: t.encode for n, t in tokenizers.items()}).items():
        found = medians(
            {text: partial(run, text) for text in (filler, f"{filler} {word}")}, times
        )
        print(f"{name:12} {'  '.join(f'{seconds:.3f}' for seconds in found.values())}")


def print_short_texts(gpt2: dict[str, Any], rust: Any) -> None:
    """Print what a short text costs, alone and in a batch."""
    texts = [f"Hello world, here is short text {n}" for n in range(2_000)]
    runs: dict[str, Callable[[], Any]] = {
        "tiktoken": lambda: [rust.encode_ordinary(text) for text in texts]
    }
    for name, tokenizer in gpt2.items():
        runs[f"{name}, batch"] = partial(tokenizer.encode_batch, texts)
        runs[f"{name}, one by one"] = partial(one_by_one, tokenizer, texts)
    print("\nshort texts: CPU milliseconds each")
    for name, seconds in medians(runs, 3).items():
        print(f"{name:23} {1000 * seconds / len(texts):.4f}")


def one_by_one(tokenizer: Any, texts: list[str]) -> list[Any]:
    """Encode texts in a loop."""
    return [tokenizer.encode(text) for text in texts]


def print_load() -> None:
    """Print what it takes to load a file with a million merges."""
    merges = [divmod(n, 256) for n in range(65_536)]
    merges += [(256 + n // 256, n % 256) for n in range(1_000_000 - len(merges))]
    saved = {
        "tokenizer": "ParallelBytePairTokenizer",
        "merges": merges,
        "special_tokens": [],
        "base_bytes": [*range(256)],
    }
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.json"
        path.write_text(json.dumps(saved), encoding="utf-8")
        print(f"\na million merges, a file of {path.stat().st_size / 1e6:.1f} MB: load")
        for name in BACKENDS:
            command = [sys.executable, "-c", LOAD.format(backend=name), str(path)]
            found = subprocess.run(
                command, cwd=ROOT, env=one_thread, capture_output=True, text=True
            )
            print(f"{name:12} {found.stdout.strip() or found.stderr.strip()}")


def processor() -> str:
    """Name the processor, if the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown processor"
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    by_field = {field.strip(): value.strip() for field, value in told.items()}
    fields = ("model name", "cpu family", "model", "flags")
    name, family, model, flags = (by_field.get(field, "?") for field in fields)
    wide = "with" if "avx512f" in flags.split() else "without"
    return f"{name}, family {family}, model {model}, {wide} AVX-512"


def main() -> None:
    """Print how fast each backend is, beside tiktoken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=8.0)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(f"{processor()}; one thread; tiktoken {tiktoken.__version__}")

    gpt2: dict[str, Any] = {}
    for name in BACKENDS:
        start = time.process_time()
        gpt2[name] = backend(name).gpt2()
        print(f"{name}: gpt2() in {time.process_time() - start:.2f} s")
    rust = in_tiktoken(gpt2["reference"], {"<|endoftext|>": 50_256})

    n_bytes = int(options.megabytes * 1e6)
    per_mb = compare("English", english(n_bytes), gpt2, rust, options.times)
    compare("Python source", python_source(n_bytes), gpt2, rust, options.times)
    print_worst_cases(gpt2, rust, per_mb)
    print_chain()
    print_short_texts(gpt2, rust)
    print_load()


if __name__ == "__main__":
    main()
