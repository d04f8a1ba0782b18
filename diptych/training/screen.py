"""What one sees of a run: a bar, losses in a line, samples, the curve at the end."""

import math
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from diptych.printable import printable
from diptych.training.curve import difference_curve, loss_curve
from diptych.training.run import LIMIT, Run
from diptych.training.state import Array
from diptych.training.text import Text

SHOWN_EVERY = 50  # steps
N_DRAWN, TEMPERATURE = 64, 0.8
N_PROMPT = 16  # tokens, from the middle of the text
WIDEST = 80  # of a sample, in characters
AS_IT_IS: Any = {"markup": False, "highlight": False, "soft_wrap": True}


@dataclass
class Screen:
    """Shows a run on a console, step by step."""

    run: Run
    text: Text
    console: Console
    began: float = field(default_factory=perf_counter)

    def bar(self) -> Progress:
        """Make the progress bar, with the losses of the last step beside it."""
        return Progress(
            MofNCompleteColumn(),
            BarColumn(20),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
        )

    def head(self) -> None:
        """Name what learns, and from how much."""
        recipe, run = self.run.recipe, self.run
        n_parameters = sum(a.size for a in run.trainers[0].state().parameters.values())
        self.line(
            f"{n_parameters:,} parameters, {len(self.text.ids):,} tokens of text, "
            f"{recipe.dtype}; a batch is {recipe.batch_size} × {recipe.context_length}"
        )
        names = "".join(f"{'loss ' + name:>14}" for name in run.losses)
        self.line(f"{'step':>6}{names}{'difference':>14}"[: 20 + 14 * len(run.losses)])

    def losses(self) -> str:
        """Write the losses of the last step in one line, and how far they are apart."""
        found = "".join(f"{of[-1]:>14.6f}" for of in self.run.losses.values())
        apart = f"{self.run.differences[-1]:>14.1e}" if len(self.run.losses) > 1 else ""
        return f"{self.run.position:>6}{found}{apart}"

    def is_shown(self) -> bool:
        """Whether the step is one that has a line of its own."""
        last = self.run.recipe.steps
        return self.run.position in (1, last) or self.run.position % SHOWN_EVERY == 0

    def sample(self) -> None:
        """Print how the model goes on; with two backends, both must say the same."""
        ids = self.text.ids
        prompt: Array = ids[len(ids) // 2 :][:N_PROMPT]
        draws = np.random.default_rng(self.run.recipe.seed).random(N_DRAWN)
        drawn = {
            trainer.name: self.text.decode(trainer.generate(prompt, draws, TEMPERATURE))
            for trainer in self.run.trainers
        }
        if len({*drawn.values()}) == 1:
            drawn = {"": next(iter(drawn.values()))}
        for name, words in drawn.items():
            shown = " ".join(self.text.decode(prompt).split())
            drawn_words = printable(" ".join(words.split()))
            self.line(f"{name:>6}  {printable(shown)} | {drawn_words}"[:WIDEST])

    def line(self, words: str) -> None:
        """Print a line as it is."""
        self.console.print(printable(words), **AS_IT_IS)

    def curve(self) -> None:
        """Print the curve, and what became of the difference."""
        run, seconds = self.run, perf_counter() - self.began
        self.line("\nloss")
        for row in loss_curve([*run.losses.values()]):
            self.line(row)
        at_random = math.log(run.recipe.vocab_size)
        first, last = (next(iter(run.losses.values()))[n] for n in (0, -1))
        self.line(
            f"from {first:.4f} to {last:.4f} in {run.position} steps, {seconds:.0f} s; "
            f"ln V = {at_random:.4f}"
        )
        if len(run.losses) > 1:
            self.line("\ndifference of the two losses; none is drawn as 1e-17")
            for row in difference_curve(run.differences):
                self.line(row)
            worst = np.max(run.differences)  # NaN, if one is
            self.line(f"max |Δloss| = {worst:.1e}, limit {LIMIT:.0e}")
