"""How much memory a run takes at its peak, beside what it is given.

NumPy tells `tracemalloc` what it allocates. PyTorch does not, so there a process of its
own runs it, and the peak of its resident memory counts (Linux), warmed up on a small
input: `python -m benchmarks.peaks blocked 2048 4,8 backward` prints MiB.
"""

import math
import os
import subprocess
import sys
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import torch

import torch_impl
from benchmarks.attention_runs import DIM, Run, of_reference, of_torch

ROOT = Path(__file__).resolve().parent.parent
MIB = 2**20
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORWARD, BACKWARD = "forward", "backward"


def traced(run: Run) -> float:
    """Return the MiB that NumPy allocates at the peak of a run."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - before) / MIB


def of_numpy(name: str, shape: tuple[int, ...], backward: bool) -> float:
    """Return the peak of a variant of the reference, in MiB."""
    return traced(of_reference(name, shape, backward))


def in_a_process(name: str, shape: tuple[int, ...], backward: bool) -> float:
    """Return the peak of a variant of PyTorch, in MiB; NaN where there is no Linux."""
    if not STATUS.exists():
        return math.nan
    *leading, n_tokens, _ = shape
    batch = ",".join(map(str, leading))
    way = BACKWARD if backward else FORWARD
    command = [sys.executable, "-m", __spec__.name, name, str(n_tokens), batch, way]
    # What is freed goes back to the system at once, or it would be used again unseen.
    own = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    found = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, check=True)
    return float(found.stdout)


def resident(run: Run) -> float:
    """Return by how many MiB the resident memory of this process grows in a run."""
    before = status("VmRSS")
    RESET.write_text("5", encoding="utf-8")  # the peak so far is that of importing
    run()
    return (status("VmHWM") - before) / 1024


def status(field: str) -> int:
    """Read a field of the process's status, in KiB."""
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def main() -> None:
    """Measure one run in this process."""
    name, n_tokens, batch, way = sys.argv[1:]
    attend: dict[str, Any] = {
        "blocked": partial(torch_impl.BlockedAttention, is_causal=True),
        "scaled_dot_product": torch_impl.ScaledDotProductAttention,
    }
    torch.set_num_threads(1)
    leading, module = map(int, batch.split(",")), attend[name]()
    sizes = (*leading, int(n_tokens), DIM)
    of_torch(module, (*sizes[:-2], 16, DIM), way == BACKWARD)()
    print(resident(of_torch(module, sizes, way == BACKWARD)))


if __name__ == "__main__":
    main()
