"""Which rule sees which numeric defect, and which one raises false alarms?

Run by `make evidence`, or `python -m benchmarks.evidence`: it prints Markdown tables;
`--write FILE` puts them between the markers of a file. Everything is seeded.

A defect runs in the reference of multi-head attention and is compared by each rule
with what is right. Cases have 2 to 16 tokens, 1 to 3 heads of 1 to 8 channels, and
parameters drawn from N(0, 1/d_in), so scores grow with the square of the input's scale:
at 30 they reach the hundreds, at 1,000 a million. Among the right cases there are some
in which all tokens are the same, so that all scores of a row tie.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.numeric_defects import DEFECTS, RIGHT
from benchmarks.rules import RULES, Trial
from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE, TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.patterns import numbers
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.rounding.expected import expected

MULTI_HEAD = load("attention/multi_head")
BEGIN, END = "<!-- begin: evidence -->", "<!-- end: evidence -->"
SCALES = (1e-3, 1.0, 30.0, 1e3)
PATTERNS = ("normal", "ties", "ramp", "one-hot")
MORE_PATTERNS = (*PATTERNS, "ones")  # where every score of a row ties
N_DEFECTIVE = 200  # cases for each defect, scale and dtype


def draw_case(
    rng: np.random.Generator, scale: float, dtype: str, patterns: tuple[str, ...]
) -> Case:
    """Draw sizes, an input of a scale, and parameters that keep that scale."""
    num_heads, head_dim = int(rng.integers(1, 4)), int(rng.integers(1, 9))
    n_tokens, seed = int(rng.integers(2, 17)), int(rng.integers(2**32))
    config = {
        "d_in": int(rng.integers(1, 17)),
        "d_out": num_heads * head_dim,
        "context_length": n_tokens,
        "dropout": 0.0,
        "num_heads": num_heads,
        "qkv_bias": bool(rng.integers(2)),
    }
    pattern = str(rng.choice(patterns))
    x = scale * numbers(pattern, (2, n_tokens, config["d_in"]), seed)
    state = MULTI_HEAD.part(REFERENCE)(**config).state_dict()
    parameters = {
        name: (rng.normal(size=array.shape) / array.shape[-1] ** 0.5).astype(dtype)
        for name, array in state.items()
    }
    return Case(config, {"x": x.astype(dtype)}, parameters, seed=seed)


def trials(
    dtype: str, scale: float, n_cases: int, patterns: tuple[str, ...] = PATTERNS
) -> Iterator[Trial]:
    """Draw cases of a scale, and run what is right about them."""
    rng = np.random.default_rng([SCALES.index(scale), *dtype.encode()])
    for _ in range(n_cases):
        case = draw_case(rng, scale, dtype, patterns)
        yield Trial(case, output(torch_part(), case), expected(MULTI_HEAD, case))


def torch_part() -> Any:
    """Return PyTorch's class."""
    return MULTI_HEAD.part(TORCH)


def output(part: Any, case: Case) -> np.ndarray[Any, Any]:
    """Run a class of either backend."""
    is_torch = issubclass(part, torch.nn.Module)
    with torch.no_grad(), np.errstate(all="ignore"):
        result = MULTI_HEAD.call(TORCH if is_torch else REFERENCE, case, part)
    return np.asarray(result)


def detection(dtype: str) -> str:
    """Write the table of one dtype: a row for each defect, a column for each rule."""
    shares: dict[str, list[list[str]]] = {each.title: [] for each in DEFECTS}
    for scale in SCALES:
        drawn = [*trials(dtype, scale, N_DEFECTIVE)]
        for defect in DEFECTS:
            counts = [0] * len(RULES)
            for trial in drawn:
                actual = output(defect.build(), trial.case)
                for index, accepts in enumerate(RULES.values()):
                    counts[index] += not accepts(trial, actual)
            shares[defect.title].append([share(n / N_DEFECTIVE) for n in counts])
    rows = [
        [title, *map(" · ".join, zip(*of, strict=True))] for title, of in shares.items()
    ]
    return written([f"{dtype}, at scales 10⁻³ · 1 · 30 · 10³", *RULES], rows)


def false_alarms(dtype: str, n_cases: int) -> str:
    """Write how often each rule rejects what is right, and the worst error of ours."""
    rows = []
    counts = {name: [0] * len(RULES) for name in RIGHT}
    worst, worst_gradient, gradients = dict.fromkeys(RIGHT, 0.0), 0.0, 0
    for scale in SCALES:
        for trial in trials(dtype, scale, n_cases // len(SCALES), MORE_PATTERNS):
            for name, part in RIGHT.items():
                actual = output(part, trial.case)
                error = trial.expected.judge(actual).error
                worst[name] = max(worst[name], error)
                for index, accepts in enumerate(RULES.values()):
                    counts[name][index] += not accepts(trial, actual)
            backward = compare_gradients(MULTI_HEAD, trial.case)
            worst_gradient = max(worst_gradient, backward.error)
            gradients += backward.first_difference is not None
    for name, of_rules in counts.items():
        rows.append([name, *map(str, of_rules), f"{worst[name]:.2f}"])
    none = [""] * (len(RULES) - 1)
    rows.append(
        ["gradients of every step", str(gradients), *none, f"{worst_gradient:.2f}"]
    )
    title = f"false alarms in {n_cases:,} right cases, {dtype}"
    return written([title, *RULES, "our worst error"], rows)


def written(heads: list[str], rows: list[list[str]]) -> str:
    """Write a table as Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def share(part: float) -> str:
    """Write a share in percent, and round neither to none nor to all.

    >>> share(0.5), share(0.999), share(0.001), share(1.0)
    ('50', '99', '1', '100')
    """
    percent = min(max(round(100 * part), int(part > 0)), 99)
    return "100" if part == 1 else str(percent)


def markdown(n_cases: int) -> str:
    """Measure everything and write it as Markdown."""
    heading = (
        "Percent of cases in which a rule sees the defect, for inputs of four scales "
        f"({N_DEFECTIVE} cases each); then how often each rule rejects right code."
    )
    with unchecked():
        dtypes = ("float64", "float32")
        tables = [detection(dtype) for dtype in dtypes]
        tables += [false_alarms(dtype, n_cases) for dtype in dtypes]
    return "\n\n".join([heading, *tables])


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
