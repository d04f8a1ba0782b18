"""`diptych check PAIR --against TESTS`: which known mistakes do tests miss?"""

import json
from typing import Any

import typer

from diptych.kit_report import fitted
from diptych.printable import printable

MARKS = {"noticed": "noticed", "not noticed": "NOT NOTICED", "could not be run": "?"}
LABEL, NAME = 13, 28  # columns


def check_suite(
    path: str,
    target: str,
    command: str,
    mistakes: tuple[str, ...],
    jobs: int,
    as_json: bool,
) -> int:
    """Try someone's tests on every known mistake of a pair; return the exit status."""
    from parity_tests.catalogue import load
    from parity_tests.kit.against.trial import SuiteError, SuiteRequest, try_suite

    request = SuiteRequest(load(path), target, command, mistakes, jobs)

    def show(outcome: Any) -> None:
        """Print an outcome as soon as it is there: all may take minutes."""
        if not as_json:
            echo(*row(outcome))

    if not as_json:
        about = f"known mistakes of {path} in the place of {target}"
        echo(*fitted("", f"{command}, with {about}"), "")
    try:
        trial = try_suite(request, show)
    except SuiteError as error:
        typer.echo("\n".join(fitted("diptych: ", str(error))), err=True)
        return 2
    if as_json:
        typer.echo(json.dumps(trial.as_dict(), indent=2))
    else:
        echo("", *summary(trial))
    return trial.exit_status


def echo(*lines: str) -> None:
    """Print lines that hold text from elsewhere."""
    for line in lines:
        typer.echo(printable(line))


def row(outcome: Any) -> list[str]:
    """Write one outcome; of what was not noticed, say what it is."""
    label = MARKS[outcome.outcome].ljust(LABEL)
    first = f"{label}{outcome.id.ljust(NAME)}{outcome.shows_in}"
    if outcome.outcome == "noticed":
        return [first]
    return [first, *fitted(" " * LABEL, outcome.detail or outcome.title)]


def summary(trial: Any) -> list[str]:
    """Count what was noticed, and name what was not tried."""
    counted = trial.as_dict()
    lines = [f"your suite notices {counted['noticed']} of {counted['tried']}"]
    if failed := len(trial.outcomes) - counted["tried"]:
        lines.append(f"{failed} could not be run")
    for reason in dict.fromkeys(trial.left_out.values()):
        names = [name for name, why in trial.left_out.items() if why == reason]
        lines += fitted("not tried: ", f"{', '.join(names)}, since {reason}")
    return lines
