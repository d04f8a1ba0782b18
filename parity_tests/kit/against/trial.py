"""Put each known mistake in the place of someone's code, and run their tests."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.pair import Pair
from parity_tests.kit.against import place
from parity_tests.kit.against.notes import IMPORTED, RUN
from parity_tests.kit.against.suite import Run, run_suite
from parity_tests.kit.against.visible import chosen, why_invisible
from parity_tests.known_mistakes.build import mistaken_package, workshop
from parity_tests.known_mistakes.mistake import Mistake

NOTICED, NOT_NOTICED, NOT_RUN = "noticed", "not noticed", "could not be run"
LEAST, TIMES = 60.0, 10  # the time limit is so many seconds, and so often the own run's


class SuiteError(Exception):
    """Nothing can be said of a suite, and why."""


@dataclass(frozen=True)
class SuiteRequest:
    """Which tests, of which code, and how many of them at a time.

    Raises:
        ValueError: the code is not named as `module:name`.
    """

    pair: Pair
    target: str
    command: str
    mistakes: tuple[str, ...] = ()
    jobs: int = 1

    def __post_init__(self) -> None:
        module, _, name = self.target.partition(":")
        if not module or not name:
            raise ValueError(f"--as must be module:name, got {self.target}")

    def order(self, package: str) -> dict[str, str]:
        """Say what to put in place: the part of a package in the reference's form."""
        module, _, name = self.target.partition(":")
        return {
            "module": module,
            "name": name,
            "pair": self.pair.path,
            "part_module": f"{package}.{self.pair.path.replace('/', '.')}",
            "part_name": self.pair.class_name,
            "put_by": place.__name__,
            "workshop": str(workshop()),
        }


@dataclass(frozen=True)
class Outcome:
    """What a suite says of one mistake."""

    id: str
    title: str
    shows_in: str
    outcome: str
    detail: str = ""


@dataclass
class Trial:
    """What a suite notices, and what it was not tried on, with the reason."""

    pair: str
    target: str
    command: str
    seconds: float
    outcomes: list[Outcome] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        """Count the mistakes with an outcome."""
        return sum(each.outcome == outcome for each in self.outcomes)

    @property
    def exit_status(self) -> int:
        """1 if a mistake is let pass, else 2 if one could not be run, else 0."""
        if self.count(NOT_NOTICED):
            return 1
        return 2 if self.count(NOT_RUN) or not self.outcomes else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            **asdict(self),
            "noticed": self.count(NOTICED),
            "tried": len(self.outcomes) - self.count(NOT_RUN),
        }


def try_suite(request: SuiteRequest, show: Callable[[Outcome], None]) -> Trial:
    """Run someone's tests with each mistake; `show` gets every outcome at once.

    Raises:
        SuiteError: the tests fail with right code.
    """
    mistakes = chosen(request.pair, request.mistakes)
    own = own_run(request)
    limit = LEAST + TIMES * own.seconds
    check_stand_in(request, limit)
    trial = Trial(request.pair.path, request.target, request.command, own.seconds)
    reasons = {each: why_invisible(each) for each in mistakes}
    trial.left_out = {each.id: why for each, why in reasons.items() if why}
    for outcome in outcomes(request, limit, [m for m in mistakes if not reasons[m]]):
        show(outcome)
        trial.outcomes.append(outcome)
    return trial


def own_run(request: SuiteRequest) -> Run:
    """Run the tests with the code that they are for.

    Raises:
        SuiteError: they do not pass.
    """
    own = run_suite(request.command)
    if not own.passes:
        raise SuiteError(f"the tests fail already, with your own code: {own.ending}")
    return own


def check_stand_in(request: SuiteRequest, limit: float) -> None:
    """Check that the tests pass with right code in the form of a mistake.

    Raises:
        SuiteError: they do not, so that to fail would mean nothing.
    """
    run = run_suite(request.command, limit, request.order(REFERENCE.package))
    module, _, name = request.target.partition(":")
    if IMPORTED not in run.noted:
        raise SuiteError(f"no test imports {module}, so nothing can be put into it")
    if not run.passes:
        raise SuiteError(
            f"the tests pass with your own code, and fail with right code in the place "
            f"of {name}, so that its form is another: {run.ending}"
        )
    if RUN not in run.noted:
        raise SuiteError(f"no test runs {request.target}")


def outcomes(
    request: SuiteRequest, limit: float, mistakes: list[Mistake]
) -> Iterator[Outcome]:
    """Run the tests with each mistake, several at a time if that is asked for."""
    for mistake in mistakes:
        mistaken_package(mistake)  # written here, where no other thread writes
    with ThreadPoolExecutor(request.jobs) as pool:
        try:
            yield from pool.map(partial(outcome_of, request, limit), mistakes)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def outcome_of(request: SuiteRequest, limit: float, mistake: Mistake) -> Outcome:
    """Run the tests with one mistake: they notice it if they run it and then fail."""
    order = request.order(mistaken_package(mistake))
    run = run_suite(request.command, limit, order)
    kind = mistake.caught_by.partition(":")[0]
    about = mistake.id, mistake.title, "gradients" if kind == "gradients" else "output"
    if RUN not in run.noted:
        return Outcome(*about, NOT_RUN, f"no test runs it: {run.ending}")
    if run.passes:
        return Outcome(*about, NOT_NOTICED)
    if run.status is None or run.status < 0:
        return Outcome(*about, NOT_RUN, run.ending)
    return Outcome(*about, NOTICED, "".join(run.last_lines[-1:]))
