"""How long `import reference` takes, beside an empty Python and beside torch.

Run `python benchmarks/start.py`.
"""

import subprocess
import sys
import time

N_RUNS = 7


def seconds(statement: str) -> float:
    """Return the shortest of several runs of a statement in a new Python."""
    times = []
    for _ in range(N_RUNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Print the shortest of several runs, and each less an empty Python."""
    empty = seconds("pass")
    print(f"empty Python       {empty:.3f} s")
    for name in ("numpy", "reference", "torch_impl"):
        taken = seconds(f"import {name}")
        print(f"import {name:<11} {taken:.3f} s, {taken - empty:.3f} s of it its own")


if __name__ == "__main__":
    main()
