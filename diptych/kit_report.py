"""Print what the kit found out about someone's code."""

from collections.abc import Iterator
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from diptych.printable import printable
from parity_tests.contract.agreement import LIMIT
from parity_tests.kit.verdict import Verdict

WIDTH = 80
FEW = 4  # rules that are listed


def report_verdict(verdict: Verdict, console: Console | None = None) -> None:
    """Print a verdict: the outcome first, then what it rests on."""
    console = console or Console(highlight=False)
    style = "bold red" if verdict.exit_status else "green"
    for line in lines(verdict):
        console.print(Text(line, style), soft_wrap=True)
        style = ""


def lines(verdict: Verdict) -> Iterator[str]:
    """Write a verdict line by line, each within 80 columns if its words are.

    >>> for line in lines(Verdict("attention/causal", "mine:f", 100, 0.926)):
    ...     print(line)
    mine:f agrees with attention/causal
      100 examples, worst error 0.926 rounding units (the limit is 8)
    """
    if verdict.not_runnable:
        yield from fitted("", f"could not be run: {verdict.not_runnable}")
        return
    outcome = "agrees with" if verdict.agrees else "differs from"
    yield from fitted("", f"{verdict.implementation} {outcome} {verdict.pair}")
    yield from not_tried(verdict)
    which = "" if verdict.agrees else " of those that agree"
    limit = f" (the limit is {LIMIT:g})" if verdict.agrees else ""
    yield from fitted(
        f"  {verdict.examples} examples, worst error{which} ",
        f"{verdict.error:.3g} rounding units{limit}",
    )
    if verdict.first_difference:
        yield from fitted("  first difference: ", verdict.first_difference)
    for words in explanation(verdict):
        yield from fitted(*words)
    for sentence, reason in verdict.properties.items():
        holds = "holds" if reason is None else f"does not hold: {reason}"
        yield from fitted("  property: ", f"{sentence}: {holds}")
    for ability, n_examples in sorted(verdict.tried.items()):
        yield from fitted("  tried: ", f"{ability}, {n_examples} examples")
    if verdict.calls:
        kept = f"{verdict.calls} calls of objects that had been used before"
        yield from fitted("  tried: ", f"state, {kept}")
    for remark in verdict.remarks:
        yield from fitted("  ", remark)
    if verdict.reproduce:
        yield from command("  reproduce with: ", verdict.reproduce)


def not_tried(verdict: Verdict) -> Iterator[str]:
    """Say first what the outcome does not rest on, and why; strictly, it must."""
    label = "error (--strict): not tried: " if verdict.strict else "not tried: "
    for reason in dict.fromkeys(verdict.not_tried.values()):
        names = [name for name, why in verdict.not_tried.items() if why == reason]
        yield from fitted(f"  {label}", f"{', '.join(names)}, since {reason}")


def explanation(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Say where and when it differs and what that looks like, each with its label."""
    rules = verdict.rules if len(verdict.rules) > 1 else []  # one stands above
    labelled = {
        "fails where": shortened(rules),
        "differs": [*verdict.where, *verdict.when],
        "inferred": verdict.inferred,
        "looks like": verdict.looks_like or filter(None, [verdict.nearest]),
    }
    for label, sentences in labelled.items():
        for sentence in sentences:
            yield f"  {label}: ", sentence


def shortened(rules: list[str]) -> list[str]:
    """Take the first of many rules, and count the others.

    >>> shortened(["a", "b", "c", "d", "e", "f"])
    ['a', 'b', 'c', 'd', '2 other rules are tried']
    """
    others = len(rules) - FEW
    return rules[:FEW] + [f"{others} other rules are tried"] * (others > 0)


def fitted(label: str, text: str) -> Iterator[str]:
    """Break a text into lines of 80 columns; those that follow stand further in."""
    first, *others = printable(text).split("\n")
    indent = " " * (len(label) - len(label.lstrip()) + 4)
    for before, line in [(label, first), *((indent, other) for other in others)]:
        yield from wrap(
            line,
            WIDTH,
            initial_indent=before,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [before.rstrip()]


def command(label: str, text: str) -> Iterator[str]:
    r"""Break a command before an option, so that a shell still takes it as one.

    >>> a, b = "diptych check causal --case /tmp/a/causal-487aef6a.json", "--impl a:b"
    >>> print(*command("  reproduce with: ", f"{a} {b}"), sep="\n")
      reproduce with: diptych check causal --case /tmp/a/causal-487aef6a.json \
          --impl a:b
    """
    line, *options = printable(text).split(" --")
    line = label + line
    for option in options:
        if len(line) + len(option) + 5 > WIDTH:
            yield f"{line} \\"
            line = "     "
        line += f" --{option}"
    yield line
