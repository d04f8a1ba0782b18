"""Decoding one token over a cache of many keys: its time, and what it allocates."""

import statistics
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

import reference
import torch_impl
from benchmarks.attention_runs import DIM, HEADS, WIDTH, Run
from benchmarks.curves import growth, picture
from benchmarks.peaks import MIB, traced
from benchmarks.tables import written

LENGTHS = (1024, 2048, 4096, 8192, 16384)
GROUPS = 2  # of keys and values, which the query heads share


def decoding(times: int) -> tuple[str, Mapping[str, str]]:
    """Write a table and a picture of both backends."""
    rows, lines = [], {}
    for package in (reference, torch_impl):
        name = package.__name__
        found = [decoded(package, n_keys, 3 * times) for n_keys in LENGTHS]
        lines[name] = [(n, ms) for n, (ms, _) in zip(LENGTHS, found, strict=True)]
        power = f"{growth(lines[name]):.2f}"
        rows.append([f"{name}, ms a token", *(f"{ms:.2f}" for ms, _ in found), power])
        sizes = [f"{size:.2f}" for _, size in found]
        rows.append([f"{name}, memory a token, of the cache", *sizes, ""])
    heads = ["8 query heads, 2 of keys", *(f"S {n}" for n in LENGTHS), "power of S"]
    drawn = picture("Decoding one token", ("keys in the cache", "ms"), lines)
    return written(heads, rows), {"attention-decoding": drawn}


def decoded(package: Any, n_keys: int, n_steps: int) -> tuple[float, float]:
    """Decode some tokens; give the median in ms, and what one allocates, of a cache."""
    is_numpy = package is reference
    module = package.CachedAttention(WIDTH, WIDTH, HEADS, GROUPS).float()
    cache = module.make_cache(1, n_keys + n_steps + 1)
    own = np.asarray if is_numpy else torch.from_numpy
    rng = np.random.default_rng(0)
    shape = (1, GROUPS, n_keys, DIM)
    past = [rng.normal(size=shape).astype(np.float32) for _ in range(2)]
    cache.append(*map(own, past))
    step = partial(
        module, own(rng.normal(size=(1, 1, WIDTH)).astype(np.float32)), cache
    )
    found = []
    with torch.no_grad():
        for _ in range(n_steps):
            start = time.process_time()
            step()
            found.append(time.process_time() - start)
        mib = traced(step) if is_numpy else profiled(step)
    return 1000 * statistics.median(found), mib * MIB / sum(p.nbytes for p in past)


def profiled(run: Run) -> float:
    """Return the MiB that the operations of PyTorch allocate in a run, one by one."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    sizes = (event.self_cpu_memory_usage for event in profiler.events() or ())
    return sum(max(size, 0) for size in sizes) / MIB
