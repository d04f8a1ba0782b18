"""A page of a terminal: what of a reading is shown, and in which order."""

import re
from concurrent.futures import Future

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from diptych.reader.model import Row, Section
from diptych.reader.reading import Reading
from diptych.reader.visible import visible_line
from diptych.terminal.blocks import side_by_side
from diptych.terminal.columns import code_lines
from diptych.terminal.merge_lines import merge_lines
from diptych.terminal.paper import INDENT, Paper
from diptych.terminal.view import View

TITLE = re.compile(r"\*([^*]+)\*")  # of a book


class Page(Paper):
    """Prints a reading from top to bottom."""

    def __init__(self, console: Console, view: View):
        super().__init__(console)
        self.view = view
        self.has_input = False

    def introduce(self, reading: Reading) -> None:
        """Say what the pair is, where it comes from, and what it changes."""
        self.prose(f"{reading.title}  ", reading.path, "dim")
        if self.view.step is not None:
            return
        self.prose("", reading.sentence)
        self.line()
        for name, said in (
            ("Source      ", TITLE.sub(r"\1", reading.source)),
            ("Changes     ", reading.changes),
            ("Parameters  ", reading.parameters),
            ("Built of    ", ", ".join(reading.uses)),
        ):
            if said:
                self.prose(name, said)

    def sections(self, source: Reading, coming: "Future[Reading] | None") -> None:
        """Print each function step by step."""
        whole_source = (*source.sections, *source.backward)
        for index, section in enumerate(whole_source):
            wanted = [n for n, row in enumerate(section.rows) if self.wants(row, index)]
            if wanted and len(whole_source) > 1:
                self.line()
                self.heading(section)
            for number in wanted:
                self.row(section.rows[number])
                if coming is not None:
                    whole = self.wait(coming)
                    self.input(whole)
                    filled = (*whole.sections, *whole.backward)[index]
                    self.values(filled, filled.rows[number])

    def wants(self, row: Row, index: int) -> bool:
        """Whether a row is to be shown; without code, later rows 0 would be empty."""
        if self.view.step is not None:
            return row.first <= self.view.step <= row.last
        return self.view.code or row.first > 0 or index == 0

    def heading(self, section: Section) -> None:
        """Print the name of a function, where a reading goes through several."""
        self.line(Text(f" {section.title} ", "reverse"))
        self.prose("", section.sentence, "italic")

    def row(self, row: Row) -> None:
        """Print the sentence, the formula and the code of a row."""
        self.line()
        self.rule(row)
        if self.view.code:
            for line in code_lines(row, self.width):
                self.line(line)

    def rule(self, row: Row) -> None:
        """Print the sentence and the formula of each step, in a rule if they fit."""
        for step in row.steps:
            said = f"── {step.number}. {step.sentence} "
            formula = f" {step.formula.plain} ──" if step.formula else ""
            space = self.width - cell_len(said) - cell_len(formula)
            if space >= 2:
                self.line(f"{said}{'─' * space}{formula}", "bold")
                continue
            if cell_len(said) <= self.width:
                self.line(f"{said:─<{self.width}}", "bold")
            else:
                self.prose(f"── {step.number}. ", step.sentence, "bold")
            if step.formula:
                self.prose("      ", step.formula.plain, "bold")

    def values(self, section: Section, row: Row) -> None:
        """Print a row's values: of the chosen head, and of a loop's first round."""
        from diptych.terminal.cells import value_block  # needs NumPy

        if section.calls == 0 and row.first == 1:
            self.line(f"{INDENT}Not called on this input.", "italic")
        call = min(self.view.head, max(section.calls - 1, 0))
        runs = row.in_call(call).runs
        if not runs or not runs[0].values:
            return
        counts = [(call + 1, section.calls, "call"), (1, len(runs), "round")]
        which = [f"{what} {n} of {of}" for n, of, what in counts if of > 1]
        self.line()
        if which:
            self.line(f"  {', '.join(which)}", "italic")
        width = self.width - len(INDENT)
        blocks = [value_block(v, self.view.head, width) for v in runs[0].values]
        self.indented(side_by_side(blocks, width))

    def input(self, reading: Reading) -> None:
        """Print what went in, once."""
        given = reading.input
        if given is None or self.has_input:
            return
        self.has_input = True
        chosen = {**given.config, **given.chosen}
        said = {"Text": given.text, "Example": given.choices.example}
        self.line()
        for name, text in said.items():
            if text:
                self.prose(f"{name:<12}", visible_line(text))
        if chosen:
            pairs = (f"{name} {value}" for name, value in chosen.items() if value != "")
            self.prose("Chosen      ", visible_line(", ".join(pairs)))
        for remark in given.remarks:
            self.prose(" " * 12, remark, "italic")
        self.line()
        if self.view.step is None:
            merges = (reading.learned, reading.merge_steps, reading.tokens)
            for line in merge_lines(*merges, self.width):
                self.line(line)

    def wait(self, coming: "Future[Reading]") -> Reading:
        """Wait for the values; on a terminal, say so meanwhile."""
        if coming.done() or not self.console.is_terminal:
            return coming.result()
        with self.console.status("running both backends…"):
            return coming.result()

    def conclude(self, reading: Reading) -> None:
        """Say how well both backends agree."""
        from diptych.reader.numerals import difference  # needs NumPy

        found = reading.agreement
        if found is None:
            return
        gap, error = difference(found.difference), f"{found.error:.2g}"
        said = f"largest difference {gap}, largest error {error} rounding units."
        self.line()
        if found.agrees:
            self.line("✓ Both backends agree at every step", "bold green")
            self.prose("  ", said if found.difference else "no difference at all.")
        else:
            self.line("✗ The backends differ: look for ✗ above", "bold red")
