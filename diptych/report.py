"""A verdict in a file of its own, as HTML or Markdown, with the code of both backends.

It says what was tried and what was not, where the implementation differs and in which
case, and marks the steps that a known mistake changes, or at which the output stops.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from diptych.kit_report import explanation
from diptych.printable import printable
from diptych.reader.model import Row, Section
from diptych.reader.reading import read_source
from parity_tests.contract.agreement import LIMIT
from parity_tests.kit.asking import Request
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import mistakes_of

SUFFIXES = {".html": "html", ".htm": "html", ".md": "md"}
MOST = 200  # numbers of an array that are shown
STOPS = re.compile(r"it is `\w+` of step (\d+)")


@dataclass(frozen=True)
class Marked:
    """A row of both panels, and why it is marked; "" where it is not."""

    row: Row
    why: str

    @property
    def sentences(self) -> list[str]:
        """The numbers and sentences of its steps."""
        return [f"{step.number}. {step.sentence}" for step in self.row.steps]


@dataclass(frozen=True)
class Report:
    """What a file says: facts by label, arrays by name, and panels."""

    outcome: str
    agrees: bool
    tried: list[tuple[str, str]]
    not_tried: list[tuple[str, str]]
    findings: list[tuple[str, str]]
    counterexample: list[tuple[str, str]]
    properties: list[tuple[str, str]]
    panels: list[tuple[Section, list[Marked]]]
    reproduce: str


def check_suffix(path: Path) -> None:
    """Check that a report can be written under a name.

    Raises:
        ValueError: its suffix is none of those that are known.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a report is .html or .md, got {path.name}")


def write_report(path: Path, verdict: Verdict, request: Request) -> None:
    """Write a verdict as one file, which needs no other.

    Raises:
        OSError: it cannot be written.
    """
    report = report_of(verdict, request)
    form = SUFFIXES[path.suffix.lower()]
    text = as_html(report) if form == "html" else "\n".join(as_markdown(report)) + "\n"
    whole = path.with_name(f".{path.name}.part")
    whole.write_text(text, encoding="utf-8", errors="backslashreplace")
    whole.replace(path)


def report_of(verdict: Verdict, request: Request) -> Report:
    """Gather what a file says of a verdict."""
    difference = verdict.first_difference or verdict.not_runnable
    first = [("first difference", difference)] if difference else []
    holds = {name: why or "holds" for name, why in verdict.properties.items()}
    return Report(
        outcome=printable(outcome(verdict)),
        agrees=verdict.agrees,
        tried=plain(tried(verdict, request)),
        not_tried=plain(verdict.not_tried.items()),
        findings=plain([*first, *explanation(verdict)]),
        counterexample=plain(counterexample(verdict)),
        properties=plain(holds.items()),
        panels=panels(verdict),
        reproduce=printable(verdict.reproduce or ""),
    )


def plain(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Escape what a reader would not see, and take labels without their punctuation."""
    return [(printable(label.strip(" :")), printable(text)) for label, text in pairs]


def outcome(verdict: Verdict) -> str:
    """Say in a sentence what came out."""
    if verdict.not_runnable:
        return f"{verdict.implementation} could not be run"
    agrees = "agrees with" if verdict.agrees else "differs from"
    return f"{verdict.implementation} {agrees} {verdict.pair}"


def tried(verdict: Verdict, request: Request) -> Iterator[tuple[str, str]]:
    """List what was tried, and how."""
    which = "" if verdict.agrees else " of those that agree"
    error = f"{verdict.error:.3g} rounding units, the limit is {LIMIT:g}"
    yield "examples", f"{verdict.examples}, seed {request.seed}"
    yield f"worst error{which}", error
    if request.dtype:
        yield "dtype", request.dtype
    for name in request.conventions:
        yield "convention", name
    for ability, n_examples in sorted(verdict.tried.items()):
        yield "tried", f"{ability}, {n_examples} examples"
    if verdict.calls:
        yield "tried", f"state, {verdict.calls} calls of objects used before"
    for remark in verdict.remarks:
        yield "remark", remark


def counterexample(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """List what goes into the counterexample, what is right, and what came."""
    if (case := verdict.case) is None:
        return
    config = ", ".join(f"{name}={value!r}" for name, value in case.config.items())
    yield "config", f"{config}, training={case.training}, seed={case.seed}"
    for name, value in (*case.inputs.items(), *case.parameters.items()):
        yield name, shown(value)
    for word, found in [("expected", verdict.expected), ("got", verdict.observed)]:
        entries = found.items() if isinstance(found, dict) else [("", found)]
        for name, value in entries:
            if value is not None:
                yield f"{word} {name}".strip(), shown(value)


def shown(value: Any) -> str:
    """Write an array with its dtype and shape, or a text; long ones are cut.

    >>> print(shown(np.ones((1, 2))))
    float64 of shape (1, 2)
    [[1. 1.]]
    """
    if not isinstance(value, np.ndarray):
        text = repr(value)
        return text if len(text) <= 10 * MOST else f"{text[: 10 * MOST]}…"
    numbers = np.array2string(value, threshold=MOST, max_line_width=76)
    return f"{value.dtype} of shape {value.shape}\n{numbers}"


def panels(verdict: Verdict) -> list[tuple[Section, list[Marked]]]:
    """Read the code of both backends, and mark the steps that are in question."""
    reading = read_source(verdict.pair)
    terms = terms_in_question(verdict)
    stops = [int(m[1]) for m in map(STOPS.match, verdict.inferred) if m]
    found = []
    for section in (*reading.sections, *reading.backward):
        is_first = section is reading.sections[0]
        rows = [
            Marked(row, why_marked(row, terms, stops if is_first else []))
            for row in section.rows
        ]
        found.append((section, rows))
    return found


def terms_in_question(verdict: Verdict) -> dict[str, str]:
    """Return the terms of the steps that a known mistake changes, with its name."""
    named = {*verdict.looks_like, *(verdict.nearest or "").split()}
    return {
        term: mistake.id
        for mistake in mistakes_of(verdict.pair)
        if mistake.id in named
        for edit in mistake.edits
        for term in edit.step.split(" | ")
    }


def why_marked(row: Row, terms: dict[str, str], stops: list[int]) -> str:
    """Say why a row is marked, if it is."""
    for step in row.steps:
        for term, mistake in terms.items():
            if step.sentence.startswith(term):
                return f"changed by {mistake}"
        if step.number - 1 in stops:
            return f"the output is that of step {step.number - 1}"
    return ""


def as_html(report: Report) -> str:
    """Render a report as one HTML page, with its style in it."""
    from diptych.site.pages import environment
    from diptych.site.palette import style_sheet

    own = resources.files("diptych.site") / "static" / "report.css"
    style = own.read_text(encoding="utf-8") + style_sheet()
    return environment().get_template("report.html").render(report=report, style=style)


def as_markdown(report: Report) -> Iterator[str]:
    """Write a report in Markdown, line by line."""
    yield f"# {report.outcome}"
    yield from listed("What was tried", report.tried)
    not_tried = [(name, f"since {why}") for name, why in report.not_tried]
    yield from listed("What was not tried", not_tried)
    yield from listed("What was found", report.findings)
    if report.counterexample:
        yield "\n## Counterexample\n"
        for name, text in report.counterexample:
            yield from (f"`{name}`:\n", *fenced(text), "")
    yield from listed("Properties", report.properties)
    if report.reproduce:
        yield from ("\n## Reproduce with\n", *fenced(report.reproduce, "sh"))
    yield "\n## The code of both backends"
    for section, rows in report.panels:
        yield f"\n### {section.title}"
        for marked in rows:
            mark = f" **← {marked.why}**" if marked.why else ""
            yield f"\n{' '.join(marked.sentences)}{mark}"
            row = marked.row
            for backend, codes in (("NumPy", row.reference), ("PyTorch", row.torch)):
                if text := "\n\n".join(code.text for code in codes):
                    yield from (f"\n{backend}:\n", *fenced(text, "python"))


def listed(title: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """Write a list with labels below a heading; what has lines is fenced."""
    if pairs:
        yield f"\n## {title}\n"
    for label, text in pairs:
        if "\n" in text:
            yield from (f"- {label}:\n", *fenced(text))
        else:
            yield f"- {label}: {text}"


def fenced(text: str, language: str = "") -> list[str]:
    """Put lines between fences that are longer than any in them."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", text, fence]
