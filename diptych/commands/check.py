"""The command `diptych check`: pairs on real text, one case, or code of one's own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from diptych.printable import printable

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
        str,
        typer.Option(help="What --impl can do: dropout,gradients,leading_axes."),
    ] = "",
    convention: Annotated[
        list[str] | None, typer.Option(help="A convention that --impl follows.")
    ] = None,
    gradients: Annotated[
        bool, typer.Option("--gradients", help="Compare gradients and nothing else.")
    ] = False,
    case: Annotated[
        Path | None, typer.Option(help="Run just the cases in this file.")
    ] = None,
    differences: Annotated[
        Path | None,
        typer.Option(help="Known differences of --impl: each must still be there."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="What --impl is not tried on is an error."),
    ] = False,
    time_limit: Annotated[
        float, typer.Option(help="Seconds that --impl may take for one case.")
    ] = 10.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of what is drawn: parameters, cases.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(help="Run a model with real weights: smollm2, or a file."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write what is found of --impl to FILE.html or FILE.md."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Run this test command with each known mistake of a pair."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--as", help="What --against puts mistakes into: module:name."),
    ] = None,
    mistake: Annotated[
        list[str] | None, typer.Option(help="Of all mistakes, try --against on these.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many runs of --against go on at a time.")
    ] = 1,
) -> None:
    """Run pairs on real text, and compare both backends at every numbered step.

    Where a pair has gradients, they are compared as well. With --impl, check your own
    code against a pair instead. The exit status is 0 if all agree, 1 if one differs, 2
    if one could not be run.

    --impl names a function f(inputs, parameters, config) of dicts that returns an
    array, or an nn.Module class with the arguments and the parameters of the pair. A
    function is tried on what --supports names; of a class, gradients, dropout and any
    leading axes are tried without asking. What was not tried is said first, and with
    --strict the exit status is then 1. For tokenizers it names a factory, called by
    keyword as f(vocabulary=…), and for byte pairs as f(vocabulary=…, merges=…,
    special_tokens=…); what it makes has encode(text), which must find special tokens
    inside a text, and decode(ids).

    --weights runs a whole model, models/llama or models/gpt, with the parameters of a
    file, on the first tokens of a text, through all of its blocks.

    --against names a test command, and --as the code that it tests. Each known mistake
    of the pair is put in the place of that code in turn: the exit status is 0 if the
    tests notice all of them, 1 if they let one pass, 2 if nothing can be said.
    """
    from parity_tests.catalogue import PATHS, path_of
    from parity_tests.contract.pinned import read_pinned

    try:
        paths = [path_of(name) for name in names] if names else [*PATHS]
        pinned = read_pinned(case) if case else []
        if against is not None:
            if len(paths) != 1 or target is None or impl is not None:
                raise ValueError("--against needs one pair and --as, and no --impl")
            from diptych.commands.against import check_suite

            given = tuple(mistake or ())
            status = check_suite(paths[0], target, against, given, jobs, as_json)
        elif weights is not None:
            if not names or len(names) != 1 or impl or case or gradients:
                rest = "no --impl, --case or --gradients"
                raise ValueError(f"--weights needs one model, and {rest}")
            content = text.read_text(encoding="utf-8") if text else None
            status = check_weights(paths[0], weights, content, as_json)
        elif impl is None:
            if report:
                raise ValueError("--report is about --impl; name it")
            content = text.read_text(encoding="utf-8") if text else None
            named = paths if names else []
            require_gradients(named if gradients else [])
            status = check_pairs(paths, content, seed, pinned, gradients, as_json)
        else:
            if gradients:
                raise ValueError("with --impl it is --supports gradients")
            if len(paths) != 1:
                raise ValueError("--impl is checked against one pair; name it")
            from parity_tests.kit.asking import Request, listed

            request = Request(
                loaded(paths[0]),
                impl,
                examples,
                seed,
                dtype,
                listed(supports),
                tuple(convention or ()),
                time_limit,
                strict,
            )
            known = read_pinned(differences) if differences else []
            status = check_implementation(request, pinned, known, as_json, report)
    except (KeyError, ValueError, OSError) as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        typer.echo(printable(f"diptych: {reason}"), err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status)


def loaded(path: str) -> Any:
    """Import what is known of a pair.

    Raises:
        ValueError: it cannot be imported.
    """
    from parity_tests.catalogue import load

    try:
        return load(path)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} could not be read: {reason}") from error


def require_gradients(paths: Sequence[str]) -> None:
    """Check that each of these pairs has gradients.

    Raises:
        ValueError: one has none.
    """
    for path in paths:
        if not loaded(path).has_gradients:
            raise ValueError(f"{path} has no gradients")


def check_pairs(
    paths: Sequence[str],
    text: str | None,
    seed: int,
    pinned: Sequence[Any],
    only_gradients: bool,
    as_json: bool,
) -> int:
    """Run pairs on a text, or on the cases of a file; return the exit status."""
    from diptych.check import run_checks, run_pinned

    return reported(
        run_pinned(paths, pinned, only_gradients)
        if pinned
        else run_checks(paths, text, seed, only_gradients, quiet=as_json),
        as_json,
    )


def check_weights(path: str, weights: str, text: str | None, as_json: bool) -> int:
    """Run a whole model with real weights; return the exit status."""
    from diptych.weights.find import find_model
    from diptych.weights.lockstep import check_model

    checked = check_model(path, find_model(weights), text, quiet=as_json)
    return reported([*checked], as_json)


def reported(checked: Sequence[Any], as_json: bool) -> int:
    """Print what was found; return the exit status."""
    from diptych.check_report import report

    if as_json:
        typer.echo(json.dumps([each.as_dict() for each in checked], indent=2))
    else:
        report([*checked])
    if any(each.reason for each in checked):
        return 2
    return 1 if any(each.difference for each in checked) else 0


def check_implementation(
    request: Any,
    pinned: Sequence[Any],
    known: Sequence[Any],
    as_json: bool,
    report: Path | None,
) -> int:
    """Check someone's own code; return the exit status."""
    from diptych.kit_report import report_verdict
    from diptych.report import check_suffix, write_report
    from parity_tests.kit.check import check as check_with_kit
    from parity_tests.kit.check import check_known_differences

    if report:
        check_suffix(report)  # before minutes have gone by
    path = request.pair.path
    verdict = (
        check_known_differences(request, entries_of(path, known, "difference"))
        if known
        else check_with_kit(request, [e.case for e in entries_of(path, pinned, "case")])
    )
    if as_json:
        typer.echo(json.dumps(verdict.as_dict(), indent=2))
    else:
        report_verdict(verdict)
    if report:
        write_report(report, verdict, request)
    return verdict.exit_status


def entries_of(path: str, entries: Sequence[Any], what: str) -> list[Any]:
    """Take the entries of one pair out of those of a file.

    Raises:
        ValueError: the file has none of it.
    """
    found = [entry for entry in entries if entry.pair == path]
    if entries and not found:
        raise ValueError(f"there is no {what} of {path} in the file")
    return found
