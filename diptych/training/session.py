"""One call of `diptych train`: begin or resume, learn, show, save, and judge."""

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from diptych.training import checkpoint
from diptych.training.batches import Batches
from diptych.training.checking import StepChecker
from diptych.training.picture import picture
from diptych.training.recipe import recipe_for
from diptych.training.run import LIMIT, TRAINERS, Run
from diptych.training.screen import SHOWN_EVERY, Screen
from diptych.training.text import Text, read_text
from parity_tests.contract.agreement import LIMIT as LARGEST
from parity_tests.text.sample_text import jargon_file
from parity_tests.vectors.files import write_atomically

BACKENDS = {"both": (*TRAINERS,), **{name: (name,) for name in TRAINERS}}
N_STEPS = 300


@dataclass(frozen=True)
class Asked:
    """The options of the command; None where one was not given."""

    backend: str | None = None
    text: Path | None = None
    steps: int | None = None
    tokenizer: str = "bytes"
    check: bool = False
    resume: Path | None = None
    save: Path | None = None
    svg: Path | None = None
    seed: int | None = None


def train_as_asked(asked: Asked) -> int:
    """Train, and return the exit status.

    Raises:
        OSError, ValueError: what was asked cannot be done.
    """
    torch.set_num_threads(1)  # waiting for each other costs more than it gives
    content = asked.text.read_text("utf-8") if asked.text else jargon_file()
    text = read_text(content, asked.tokenizer)
    run = resumed(asked, text) if asked.resume else begun(asked, text)
    if asked.check and len(run.trainers) < 2:
        raise ValueError("--check compares both backends; leave --backend out")
    checker = StepChecker(run.recipe) if asked.check else None
    batches, screen = Batches(text.ids, run.recipe), Screen(run, text, Console())
    if asked.save:  # what cannot be written is known before the first step
        checkpoint.save(asked.save, run, text.digest)
    learn(run, batches, screen, checker, asked.save)
    if asked.save:
        checkpoint.save(asked.save, run, text.digest)
        screen.line(f"saved to {asked.save}")
    screen.curve()
    if asked.svg:
        write_atomically(asked.svg, drawn(run).encode())
    return judged(run, screen, checker)


def begun(asked: Asked, text: Text) -> Run:
    """Begin a run with parameters that the seed draws."""
    steps = N_STEPS if asked.steps is None else asked.steps
    recipe = recipe_for(text.vocab_size, steps, asked.seed or 0)
    return Run.begin(recipe, backends_of(asked.backend or "both"))


def resumed(asked: Asked, text: Text) -> Run:
    """Go on with the run of a file; only its number of steps may change."""
    path = asked.resume or Path()
    run = checkpoint.load(path, text.digest, asked.steps)
    if asked.seed is not None:
        raise ValueError(f"the seed is that of {path.name}; leave --seed out")
    if asked.backend and backends_of(asked.backend) != (*run.losses,):
        raise ValueError(f"{path.name} holds {' and '.join(run.losses)}")
    if run.position >= run.recipe.steps:
        done = f"{path.name} has taken {run.position} of {run.recipe.steps} steps"
        raise ValueError(f"{done}; --steps asks for more")
    return run


def backends_of(name: str) -> tuple[str, ...]:
    """Name the backends that are asked for.

    >>> backends_of("both")
    ('numpy', 'torch')
    """
    if name not in BACKENDS:
        raise ValueError(f"--backend must be one of {', '.join(BACKENDS)}, got {name}")
    return BACKENDS[name]


def learn(
    run: Run,
    batches: Batches,
    screen: Screen,
    checker: StepChecker | None,
    save: Path | None,
) -> None:
    """Take the steps that are left; Ctrl-C ends the run after the step it comes in."""
    screen.head()
    with screen.bar() as bar, noted_interrupts() as interrupts:
        task = bar.add_task("", total=run.recipe.steps, completed=run.position)
        for step in run.steps(batches, checker):
            bar.update(task, completed=step, description=screen.losses())
            if screen.is_shown():
                screen.line(screen.losses())
                screen.sample()
            if save and step % SHOWN_EVERY == 0:
                checkpoint.save(save, run, screen.text.digest)
            if interrupts:
                screen.line(f"stopped after step {step}")
                break


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """Note Ctrl-C instead of raising it, so that no step is left half done."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def drawn(run: Run) -> str:
    """Draw the curve of a run."""
    recipe = run.recipe
    title = (
        f"GPT, {recipe.n_layers} layers of {recipe.emb_dim} channels, {recipe.dtype}"
    )
    differences = run.differences if len(run.losses) > 1 else []
    return picture(title, run.losses, differences, math.log(recipe.vocab_size))


def judged(run: Run, screen: Screen, checker: StepChecker | None) -> int:
    """Say what was compared, and return the exit status."""
    if run.first_difference:
        screen.line(f"step {run.position} differs: {run.first_difference}")
        return 1
    if checker:
        screen.line(
            f"{checker.n_compared:,} quantities agree; largest error "
            f"{checker.largest_error:.2f} rounding units, limit {LARGEST:g}"
        )
    return 0 if all(each <= LIMIT for each in run.differences) else 1
