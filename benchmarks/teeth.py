"""In how many runs the checker sees each wrong implementation, over many seeds.

Run by hand: `python -m benchmarks.teeth --seeds 20`. Right implementations stand in the
same table, and are to be seen in none. Nothing but the seed differs from a default run.
"""

import argparse
import resource
import sys
from fnmatch import fnmatch

import torch

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults import Fault, all_faults


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it has ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, whose))


def is_seen(fault: Fault, seed: int) -> bool:
    """Check an implementation once, and say whether a difference was found."""
    pair = load(fault.pair)
    request = Request(pair, fault.target, seed=seed, supports=fault.supports)
    verdict = check(request)
    if verdict.not_runnable:
        raise ValueError(f"{fault.target}: {verdict.not_runnable}")
    return not verdict.agrees


def main() -> None:
    """Print a line for each implementation, and how many bars are not met."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="*", help="a pattern of pair/name")
    options = parser.parse_args()
    torch.set_num_threads(1)
    n_missed = 0
    print("| pair | implementation | what is wrong | seen | CPU s a run |")
    print("|---|---|---|---|---|")
    for fault in all_faults():
        if not fnmatch(f"{fault.pair}/{fault}", options.only):
            continue
        before = cpu_seconds()
        n_seen = sum(is_seen(fault, seed) for seed in range(options.seeds))
        seconds = (cpu_seconds() - before) / options.seeds
        least = 0.95 * options.seeds if fault.is_wrong else 0
        n_missed += n_seen < least or (n_seen > 0 and not fault.is_wrong)
        about = fault.sentence if fault.is_wrong else "nothing"
        seen = f"{n_seen}/{options.seeds}"
        print(f"| {fault.pair} | `{fault}` | {about} | {seen} | {seconds:.1f} |")
        sys.stdout.flush()
    print(f"\n{n_missed} of them are not as they should be.")


if __name__ == "__main__":
    main()
