"""Which rule sees which numeric defect, and which one raises false alarms?

Run by `make evidence`, or `python -m benchmarks.evidence`: it prints Markdown tables;
`--write FILE` puts them between the markers of a file. Everything is seeded.
"""

import argparse
from pathlib import Path

import torch

from benchmarks.detection import HEADING, detection
from benchmarks.drawn import DTYPES
from benchmarks.false_alarms import at_every_step, false_alarms
from parity_tests.contract.backend import unchecked

BEGIN, END = "<!-- begin: evidence -->", "<!-- end: evidence -->"
FEWER = 10  # step by step, one case in so many


def markdown(n_cases: int) -> str:
    """Measure everything and write it as Markdown."""
    with unchecked():
        tables = [detection(dtype) for dtype in DTYPES]
        tables += [false_alarms(n_cases), at_every_step(n_cases // FEWER)]
    return "\n\n".join([HEADING, *tables])


def main() -> None:
    """Print the tables, or put them between the markers of a file."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--cases", type=int, default=10_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tables = markdown(options.cases)
    if options.write is None:
        print(tables)
        return
    before, _, rest = options.write.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{BEGIN}\n{tables}\n{END}{after}"
    options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
