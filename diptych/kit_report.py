"""Tell what the kit found out about someone's code."""

from rich.console import Console
from rich.text import Text

from parity_tests.kit.verdict import Verdict


def report_verdict(verdict: Verdict, console: Console | None = None) -> None:
    """Print a verdict: the outcome first, then what it rests on."""
    console = console or Console(highlight=False)
    for line in lines(verdict):
        console.print(line, soft_wrap=True)


def lines(verdict: Verdict) -> list[Text]:
    """Say a verdict line by line.

    >>> for line in lines(Verdict("attention/causal", "mine:f", examples=100)):
    ...     print(line)
    mine:f agrees with attention/causal
      100 examples, worst score 0 (above 8 departs)
    """
    subject = f"{verdict.implementation} "
    if verdict.not_runnable:
        return [Text(f"could not be run: {verdict.not_runnable}", "bold red")]
    found = [
        Text(f"{subject}agrees with {verdict.concept}", "green")
        if verdict.agrees
        else Text(f"{subject}departs from {verdict.concept}", "bold red"),
        Text(
            f"  {verdict.examples} examples, worst score "
            + ("" if verdict.agrees else "of those that agree ")
            + f"{verdict.score:.3g} (above 8 departs)"
        ),
    ]
    if verdict.first_difference:
        found.append(Text(f"  first difference: {verdict.first_difference}"))
    for mistake in verdict.looks_like:
        found.append(Text(f"  looks like: {mistake}", "bold"))
    for sentence, reason in verdict.laws.items():
        outcome = "holds" if reason is None else f"is broken: {reason}"
        found.append(Text(f"  law: {sentence}: {outcome}"))
    for capability, n_examples in sorted(verdict.tried.items()):
        found.append(Text(f"  tried as declared: {capability}, {n_examples} examples"))
    for capability in verdict.not_tried:
        found.append(Text(f"  not tried, since not declared: {capability}"))
    found += [Text(f"  {remark}") for remark in verdict.remarks]
    if verdict.rerun:
        found.append(Text(f"  run it again: {verdict.rerun}"))
    return found
