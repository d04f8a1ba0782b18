"""How many examples a second the kit checks, for each CPU second that it takes.

Run by hand: `python -m benchmarks.kit`. The CPU time of both processes counts, that of
the implementation under test included; what it takes to start them does not.
"""

import argparse
import resource

import torch

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

UNDER_TEST = {  # a function of NumPy, and a module of PyTorch
    "attention/causal": "parity_tests.kit.implementations:causal",
    "attention/multi_head": "torch_impl:MultiHeadAttention",
}


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it has ended."""
    usages = [
        resource.getrusage(whose)
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seconds_for(examples: int, path: str, dtype: str) -> float:
    """Check once, and return the CPU time that it took."""
    request = Request(load(path), UNDER_TEST[path], examples, dtype=dtype)
    before = cpu_seconds()
    verdict = check(request)
    if not verdict.agrees:
        raise ValueError(f"{request.target} differs: {verdict.first_difference}")
    return cpu_seconds() - before


def main() -> None:
    """Print examples a CPU second, for some pairs and both dtypes."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--examples", type=int, default=500)
    n_examples = parser.parse_args().examples
    torch.set_num_threads(1)
    for path in UNDER_TEST:
        for dtype in ("float64", "float32"):
            to_start = seconds_for(1, path, dtype)
            taken = seconds_for(n_examples + 1, path, dtype) - to_start
            print(
                f"{path:<20} {dtype}  {n_examples / taken:4.0f} examples a CPU second"
            )


if __name__ == "__main__":
    main()
