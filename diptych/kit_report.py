"""Print what the kit found out about someone's code."""

import re
from collections.abc import Iterator
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from diptych.printable import printable
from parity_tests.contract.agreement import LIMIT
from parity_tests.kit.verdict import Verdict

WIDTH = 80
FEW = 4  # rules that are listed
SIGN = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\.|.")
CONDITION = re.compile(r" ([≥≤=]) ")  # which stays on one line


def report_verdict(verdict: Verdict, console: Console | None = None) -> None:
    """Print a verdict: the outcome first, then what it rests on."""
    console = console or Console(highlight=False)
    style = "bold red" if verdict.exit_status else "green"
    for line in lines(verdict):
        console.print(Text(line, style), soft_wrap=True)
        style = ""


def lines(verdict: Verdict) -> Iterator[str]:
    """Write a verdict line by line, each within 80 columns.

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
    above = verdict.first_difference or ""
    rules = [rule for rule in verdict.rules if f"where {rule}" not in above]
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
    >>> shortened(["a", "b", "c", "d", "e"])
    ['a', 'b', 'c', 'd', 'e']
    """
    others = len(rules) - FEW
    if others < 2:
        return rules
    return [*rules[:FEW], f"{others} other rules are tried"]


def fitted(label: str, text: str) -> Iterator[str]:
    """Break a text into lines of 80 columns; those that follow stand further in."""
    first, *others = printable(text).split("\n")
    indent = " " * (len(label) - len(label.lstrip()) + 4)
    for before, line in [(label, first), *((indent, other) for other in others)]:
        broken = wrap(
            CONDITION.sub("\xa0\\1\xa0", line),
            WIDTH,
            initial_indent=before,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for each in broken or [before.rstrip()]:
            yield from cut(each.replace("\xa0", " "), indent)


def cut(line: str, indent: str) -> Iterator[str]:
    r"""Cut a line where a word is longer than that, but no escape in it.

    >>> for each in cut(20 * r"\xe7", "    "):
    ...     print(len(each), each[-8:])
    80 \xe7\xe7
    >>> for each in cut("'" + 20 * r"\xe7" + "'", "    "):
    ...     print(len(each), each[-8:])
    77 \xe7\xe7
    9    \xe7'
    """
    row = ""
    for sign in SIGN.findall(line):
        if len(row + sign) > WIDTH:
            yield row
            row = indent
        row += sign
    yield row


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
