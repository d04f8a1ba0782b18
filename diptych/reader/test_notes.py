"""The notes say what is true of the pairs, and nothing of what is not there."""

from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

import pytest

from diptych.reader.files import REFERENCE, TORCH, definition, stepped
from diptych.reader.half import sentence
from diptych.reader.model import Function
from diptych.reader.notes import begins, notes_on, topic_of, topics, trail
from diptych.reader.reading import read_source
from diptych.reader.source import functions
from diptych.reader.values import read
from parity_tests.catalogue import PATHS

with resources.as_file(resources.files("diptych.reader") / "notes") as NOTES:
    NOTED = sorted(
        file.relative_to(NOTES).with_suffix("").as_posix()
        for file in NOTES.rglob("*.toml")
        if file.parent != NOTES
    )
every_noted = pytest.mark.parametrize("path", NOTED)


def sentences(function: Function) -> list[str]:
    """List the sentences of a function's steps."""
    package = REFERENCE if stepped(REFERENCE, function) else TORCH
    marked = stepped(package, function)
    assert marked is not None, function
    return [sentence(package, function.path, mark)[0] for mark in marked.steps]


@every_noted
def test_notes_are_of_a_pair(path: str) -> None:
    assert path in PATHS
    assert notes_on(path).title
    assert notes_on(path).changes
    assert notes_on(path).parameters


@every_noted
def test_every_formula_belongs_to_one_step(path: str) -> None:
    for title, formulas in notes_on(path).formulas.items():
        steps = sentences(Function(path, title))
        for term in formulas:
            assert len([said for said in steps if begins(said, term)]) == 1, term


@every_noted
def test_every_formula_is_shown_at_its_step(path: str) -> None:
    reading = read_source(path)
    shown = [
        (section.title, step)
        for section in (*reading.sections, *reading.backward)
        for row in section.rows
        for step in row.steps
    ]

    for title, formulas in notes_on(path).formulas.items():
        for term, formula in formulas.items():
            (step,) = (s for t, s in shown if t == title and begins(s.sentence, term))
            assert step.formula == formula


@every_noted
def test_every_formula_is_written_twice(path: str) -> None:
    for formulas in notes_on(path).formulas.values():
        for formula in formulas.values():
            assert formula.tex.count("{") == formula.tex.count("}")
            assert formula.plain
            assert "\\" not in formula.plain


@every_noted
def test_every_function_that_notes_name_is_there(path: str) -> None:
    for function in functions(path):
        assert any(definition(package, function) for package in (REFERENCE, TORCH))


@pytest.mark.parametrize("path", PATHS)
def test_every_function_of_the_pair_itself_is_called(path: str) -> None:
    reading = read(path)

    own = [each for each in reading.sections if each.function.path == path]
    assert any(section.calls > 0 for section in own)


def test_the_trail_goes_through_pairs() -> None:
    why, paths = trail()

    assert why
    assert set(paths) <= set(PATHS)
    assert len(set(paths)) == len(paths) > 1


def test_every_pattern_of_a_topic_finds_a_pair() -> None:
    for title, patterns in topics().items():
        for pattern in patterns:
            found = [path for path in PATHS if fnmatch(path, pattern)]
            assert {topic_of(path) for path in found} == {title}, pattern


def test_a_pair_without_notes_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from diptych.reader import notes

    with_notes = read_source("causal")
    monkeypatch.setattr(notes.resources, "files", lambda package: Path("nowhere"))
    notes.notes_on.cache_clear()
    try:
        without = read_source("causal")
    finally:
        notes.notes_on.cache_clear()

    assert without.title == "Causal self-attention"
    assert [s.title for s in without.sections] == [s.title for s in with_notes.sections]
    assert without.sections[0].rows[1].steps[0].formula is None
