"""A page of a terminal: what of a reading stands where."""

from concurrent.futures import Future

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from diptych.reader.cells import side_by_side, value_block
from diptych.reader.columns import code_lines
from diptych.reader.heat import difference
from diptych.reader.ladder_lines import byte_pair_lines
from diptych.reader.model import Row, Section
from diptych.reader.paper import INDENT, Paper
from diptych.reader.reading import Reading
from diptych.reader.view import View
from diptych.reader.visible import visible_line


class Page(Paper):
    """Prints a reading from top to bottom."""

    def __init__(self, console: Console, view: View):
        super().__init__(console)
        self.view = view
        self.told_input = False

    def introduce(self, reading: Reading) -> None:
        """Say what the concept is, where it comes from, and what it changes."""
        self.prose(f"{reading.title}  ", reading.path, "dim")
        if self.view.step is not None:
            return
        self.prose("", reading.sentence)
        self.line()
        for name, said in (
            ("Source   ", reading.source),
            ("Changes  ", reading.changes),
            ("Weights  ", reading.weights),
        ):
            if said:
                self.prose(name, said)

    def sections(self, source: Reading, coming: "Future[Reading] | None") -> None:
        """Print each function step by step."""
        whole_source = (*source.sections, *source.back)
        for place, section in enumerate(whole_source):
            wanted = [n for n, row in enumerate(section.rows) if self.wants(row, place)]
            if wanted and len(whole_source) > 1:
                self.line()
                self.heading(section)
            for number in wanted:
                self.row(section.rows[number])
                if coming is not None:
                    whole = self.wait(coming)
                    self.input(whole)
                    filled = (*whole.sections, *whole.back)[place]
                    self.values(filled, filled.rows[number])

    def wants(self, row: Row, place: int) -> bool:
        """Whether a row is to be shown; without code, later rows 0 would be empty."""
        if self.view.step is not None:
            return row.first <= self.view.step <= row.last
        return self.view.code or row.first > 0 or place == 0

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
        """Print the values of a row: of the chosen head, and of a loop's first pass."""
        if section.calls == 0 and row.first == 1:
            self.line(f"{INDENT}Not called on this input.", "italic")
        call = min(self.view.head, max(section.calls - 1, 0))
        runs = row.in_call(call).runs
        if not runs or not runs[0].values:
            return
        counts = [(call + 1, section.calls, "call"), (1, len(runs), "pass")]
        which = [f"{what} {n} of {of}" for n, of, what in counts if of > 1]
        self.line()
        if which:
            self.line(f"  {', '.join(which)}", "italic")
        width = self.width - len(INDENT)
        blocks = [value_block(v, self.view.head, width) for v in runs[0].values]
        self.indented(side_by_side(blocks, width))

    def input(self, reading: Reading) -> None:
        """Print what went in, once."""
        if reading.input is None or self.told_input:
            return
        self.told_input = True
        sizes = ", ".join(f"{name} {n}" for name, n in reading.input.config.items())
        self.line()
        self.prose("Input    ", visible_line(reading.input.text))
        if reading.input.corpus:
            self.prose("Learned  ", visible_line(reading.input.corpus))
        if sizes:
            self.prose("Sizes    ", sizes)
        for remark in reading.input.remarks:
            self.prose("         ", remark, "italic")
        self.line()
        if self.view.step is None:
            words = (reading.learned, reading.ladders, reading.tokens)
            for line in byte_pair_lines(*words, self.width):
                self.line(line)

    def wait(self, coming: "Future[Reading]") -> Reading:
        """Wait for the values; on a terminal, say so meanwhile."""
        if coming.done() or not self.console.is_terminal:
            return coming.result()
        with self.console.status("running both sides…"):
            return coming.result()

    def conclude(self, reading: Reading) -> None:
        """Say how well both sides agree."""
        found = reading.agreement
        if found is None:
            return
        gap, score = difference(found.difference), f"{found.score:.2g}"
        said = f"largest difference {gap}, {score} times an honest rounding error."
        self.line()
        if found.agrees:
            self.line("✓ Both sides agree at every step", "bold green")
            self.prose("  ", said if found.difference else "no difference at all.")
        else:
            self.line("✗ The sides depart: look for ✗ above", "bold red")
