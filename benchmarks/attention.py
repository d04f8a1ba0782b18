"""How fast attention is, and how much memory it takes: ratios within one run.

Run by hand: `python -m benchmarks.attention`, or one part of it: `speed`, `memory`,
`decoding` or `growth`. Float32, causal, four texts of eight heads of 64 channels, one
thread. Runs come in turn, and the medians of their ratios count, in CPU seconds.
`--write docs/speed.md` puts the tables between the markers of that file, and the curves
beside it, into the folder `speed`.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.attention_decoding import decoding
from benchmarks.attention_runs import (
    BATCH,
    DIM,
    FAMILIES,
    HEADS,
    Run,
    both_ways,
    causal_sdpa,
    forward,
    of_reference,
    of_torch,
    on_x,
)
from benchmarks.curves import growth, picture
from benchmarks.encode import processor
from benchmarks.peaks import in_a_process, of_numpy
from benchmarks.tables import written

SIZES = (512, 1024, 2048)
LONG = (1024, 2048, 4096, 8192, 16384)
WAYS = ("forward", "forward + backward")
FUSED = "PyTorch's fused call"
Part = tuple[str, Mapping[str, str]]  # Markdown, and pictures by name


def seconds(runs: Mapping[str, Run], times: int) -> dict[str, list[float]]:
    """Run all in turn, several times, and once before; give CPU seconds."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(times + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if turn:
                found[name].append(time.process_time() - start)
    return found


def ratio(found: Mapping[str, list[float]], name: str, base: str) -> float:
    """Return the median of the ratios of two runs, turn by turn."""
    pairs = zip(found[name], found[base], strict=True)
    return statistics.median(one / other for one, other in pairs)


def speed(times: int) -> Part:
    """Compare modules of PyTorch, and the reference with PyTorch's fused call."""
    of_modules, of_heads, lines = [], [], {}
    for backward, way in enumerate(WAYS):
        columns = [compared(seconds(on_x(n, bool(backward)), times)) for n in SIZES]
        of_modules += rows_of(columns, way)
        found = {n: seconds(on_heads(n, bool(backward)), times) for n in SIZES}
        of_heads += rows_of([over(found[n], FUSED) for n in SIZES], way)
        for name in found[SIZES[0]]:
            medians = [1000 * statistics.median(found[n][name]) for n in SIZES]
            lines[f"{name}, {way}"] = [*zip(SIZES, medians, strict=True)]
    heads = ["multiples of the time of the first", *(f"T {n}" for n in SIZES)]
    tables = [written(heads, rows) for rows in (of_modules, of_heads)]
    drawn = picture("Attention on heads: B 4, H 8, D 64", ("T", "ms"), lines)
    return "\n\n".join(tables), {"attention-time": drawn}


def over(found: Mapping[str, list[float]], base: str) -> dict[str, float]:
    """Return the ratio of every run to one of them."""
    return {name: ratio(found, name, base) for name in found}


def compared(found: Mapping[str, list[float]]) -> dict[str, float]:
    """Compare modules with linear layers and the fused call, and ours with the peer."""
    peers = [name for name in found if name.startswith("nn.")]
    peer = min(peers, key=lambda name: statistics.median(found[name]))
    own = "four nn.Linear + BlockedAttention"
    base = over(found, "four nn.Linear + SDPA")
    return {**base, f"{own} / nn.MultiheadAttention": ratio(found, own, peer)}


def rows_of(columns: list[dict[str, float]], way: str) -> list[list[str]]:
    """Write a row for each run, with a column for each size."""
    return [
        [f"{name}, {way}", *(f"{column[name]:.2f}" for column in columns)]
        for name in columns[0]
    ]


def on_heads(n_tokens: int, backward: bool) -> dict[str, Run]:
    """Make the runs on queries, keys and values; all scores at once while they fit."""
    shape = (BATCH, HEADS, n_tokens, DIM)
    runs = {FUSED: of_torch(causal_sdpa, shape, backward)}
    for name in ("blocked", "scaled_dot_product"):
        runs[f"reference {name}"] = of_reference(name, shape, backward)
    return runs


def memory(times: int) -> Part:
    """Measure peaks in MiB, beside inputs: of the usual size, and of one long head."""
    backends = {"reference": of_numpy, "torch": in_a_process}
    usual, rows = (BATCH, HEADS, SIZES[-1], DIM), []
    lines: dict[str, list[tuple[float, float]]] = {}
    for backend, peak in backends.items():
        for backward, way in enumerate(WAYS):
            of_usual = peak("blocked", usual, bool(backward))
            sizes = [(1, 1, n, DIM) for n in LONG]
            name = f"{backend} blocked, {way}"
            peaks = [peak("blocked", shape, bool(backward)) for shape in sizes]
            lines[name] = [*zip(LONG, peaks, strict=True)]
            long = [f"{each:.1f}" for each in peaks]
            power = f"{growth(lines[name]):.2f}"
            rows.append([name, f"{of_usual:.1f}", *long, power])
    whole = [
        (n, of_numpy("scaled_dot_product", (1, 1, n, DIM), False)) for n in LONG[:3]
    ]
    lines["reference scaled_dot_product"] = [*whole]
    one_head = [f"one head, T {n}" for n in LONG]
    heads = ["MiB at the peak", f"B 4, H 8, T {SIZES[-1]}", *one_head, "power of T"]
    drawn = picture("Peak memory of one head, D 64", ("T", "MiB"), lines)
    return written(heads, rows), {"attention-memory": drawn}


def families(times: int) -> Part:
    """Time the families with a state, and give the power with which T counts."""
    sizes, rows, lines = LONG[:4], [], {}
    for name, make in FAMILIES.items():
        for backward, way in enumerate(WAYS):
            points = []
            for n_tokens in sizes:
                module, inputs = make((1, HEADS, n_tokens, DIM))
                run = partial(forward, module, *inputs)
                if backward:
                    leaves = [each.requires_grad_() for each in inputs]
                    run = partial(
                        both_ways, first_of(module), leaves[2].detach(), *leaves
                    )
                found = seconds({name: run}, times)[name]
                points.append((n_tokens, 1000 * statistics.median(found)))
            shown = [f"{each:.0f}" for _, each in points]
            rows.append([f"{name}, {way}", *shown, f"{growth(points):.2f}"])
            if not backward:
                lines[name] = points
    heads = ["ms, B 1, H 8, D 64", *(f"T {n}" for n in sizes), "power of T"]
    drawn = picture("Forward, in chunks", ("T", "ms"), lines)
    return written(heads, rows), {"attention-growth": drawn}


def first_of(module: Callable[..., Any]) -> Callable[..., Any]:
    """Take the context vectors of what comes out; the state is left."""

    def run(*inputs: Any) -> Any:
        output = module(*inputs)
        return output[0] if isinstance(output, tuple) else output

    return run


PARTS = {"speed": speed, "memory": memory, "decoding": decoding, "growth": families}


def put(text: str, name: str, content: str) -> str:
    """Put content between the markers of a name."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"


def main() -> None:
    """Measure the parts that are asked for."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # NumPy reads it at its start
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **one_thread})
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    versions = f"PyTorch {torch.__version__}, NumPy {np.__version__}"
    about = f"{processor()}; one thread; {versions}"
    print(about)
    for name in options.parts:
        table, pictures = PARTS[name](options.times)
        print(f"\n{table}", flush=True)
        if options.write is not None:
            shown = [f"![{each}](speed/{each}.svg)" for each in pictures]
            content = "\n\n".join([f"On {about}:", table, *shown])
            text = options.write.read_text(encoding="utf-8")
            options.write.write_text(
                put(text, f"attention_{name}", content), encoding="utf-8"
            )
            folder = options.write.with_suffix("")
            folder.mkdir(exist_ok=True)
            for each, drawn in pictures.items():
                (folder / f"{each}.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
