"""Report what `mutmut run` found: `python -m parity_tests.mutation`.

The exit status is 0 if the tests reject every change that is not equivalent, else 1.
"""

import sys
from pathlib import Path

from parity_tests.mutation.mutants import read_mutants
from parity_tests.mutation.report import render, summarize
from parity_tests.mutation.rules import read_equivalents


def main() -> int:
    """Read what stands in `mutants/`, print the report, return the exit status."""
    report = summarize(read_mutants(Path("mutants")), read_equivalents())
    print(render(report))
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
