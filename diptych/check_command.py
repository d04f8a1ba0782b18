"""The command `diptych check`: pairs on real text, one case, or code of one's own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

# Whatever imports torch is imported inside: that takes seconds, `--help` should not.


def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Pairs to run; all of them by default.")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="A UTF-8 text to run on; the Jargon File by default."),
    ] = None,
    impl: Annotated[
        str | None,
        typer.Option(help="Check your own code against one pair: module:name."),
    ] = None,
    examples: Annotated[
        int, typer.Option(min=1, help="How many cases --impl is tried on.")
    ] = 100,
    dtype: Annotated[
        str | None, typer.Option(help="Give --impl this precision: float64, float32.")
    ] = None,
    supports: Annotated[
        str, typer.Option(help="What --impl declares, such as dropout,leading_axes.")
    ] = "",
    convention: Annotated[
        list[str] | None, typer.Option(help="A convention that --impl keeps.")
    ] = None,
    gradients: Annotated[
        bool, typer.Option("--gradients", help="Compare gradients and nothing else.")
    ] = False,
    case: Annotated[
        Path | None, typer.Option(help="Run just the cases kept in this file.")
    ] = None,
    departures: Annotated[
        Path | None,
        typer.Option(help="Known departures of --impl: each must still depart."),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(help="Seconds that --impl may take for one case.")
    ] = 10.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of what is drawn: weights, cases.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Run pairs on real text, and compare both sides at every numbered step.

    Where a pair has gradients, they are compared as well. With --impl, hold your own
    code to a pair instead. The exit status is 0 if all agree, 1 if one departs, 2 if
    it could not be run.
    """
    from parity_tests.catalogue import CATALOGUE, concept
    from parity_tests.pinned import read_pinned

    try:
        concepts = [concept(name) for name in names] if names else list(CATALOGUE)
        pinned = read_pinned(case) if case else []
        known = read_pinned(departures) if departures else []
        content = text.read_text(encoding="utf-8") if text else None
        if impl is not None:
            if gradients:
                raise ValueError("with --impl it is --supports gradients")
            from parity_tests.kit.asking import Request, listed

            if len(concepts) != 1:
                raise ValueError("--impl is checked against one pair; name it")
            request = Request(
                concepts[0],
                impl,
                examples,
                seed,
                dtype,
                listed(supports),
                tuple(convention or ()),
                time_limit,
            )
            raise typer.Exit(check_implementation(request, pinned, known, as_json))
        if gradients:
            concepts = with_gradients(concepts, named=bool(names))
        raise typer.Exit(
            check_pairs(concepts, content, seed, pinned, gradients, as_json)
        )
    except (KeyError, ValueError, OSError) as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        typer.echo(f"diptych: {reason}", err=True)
        raise typer.Exit(2) from None


def check_pairs(
    concepts: Sequence[Any],
    text: str | None,
    seed: int,
    pinned: Sequence[Any],
    only_gradients: bool,
    as_json: bool,
) -> int:
    """Run pairs on a text, or on the cases of a file; return the exit status."""
    from diptych.check import report, run_checks, run_pinned

    checked = (
        run_pinned(concepts, pinned, only_gradients)
        if pinned
        else run_checks(concepts, text, seed, only_gradients, quiet=as_json)
    )
    if as_json:
        typer.echo(json.dumps([each.as_dict() for each in checked], indent=2))
    else:
        report(checked)
    return 0 if all(each.agrees for each in checked) else 1


def with_gradients(concepts: Sequence[Any], named: bool) -> list[Any]:
    """Keep the pairs that have gradients.

    Raises:
        ValueError: one that was `named` has none.
    """
    for concept in concepts:
        if named and not concept.has_gradients:
            raise ValueError(f"{concept.name} has no gradients")
    return [concept for concept in concepts if concept.has_gradients]


def check_implementation(
    request: Any, pinned: Sequence[Any], known: Sequence[Any], as_json: bool
) -> int:
    """Check someone's own code; return the exit status."""
    from diptych.kit_report import report_verdict
    from parity_tests.kit.check import check as check_with_kit
    from parity_tests.kit.check import check_departures

    mine = [entry for entry in known if entry.concept == request.concept.path]
    if known and not mine:
        raise ValueError(f"there is no departure of {request.concept.name} in the file")
    verdict = (
        check_departures(request, mine)
        if mine
        else check_with_kit(request, cases_of(request.concept, pinned))
    )
    if as_json:
        typer.echo(json.dumps(verdict.as_dict(), indent=2))
    else:
        report_verdict(verdict)
    return verdict.exit_status


def cases_of(concept: Any, pinned: Sequence[Any]) -> list[Any]:
    """Take the cases of one pair out of a file.

    Raises:
        ValueError: the file has none of it.
    """
    mine = [entry.case for entry in pinned if entry.concept == concept.path]
    if pinned and not mine:
        raise ValueError(f"there is no case of {concept.name} in the file")
    return mine
