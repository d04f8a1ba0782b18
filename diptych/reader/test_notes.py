"""The notes say something about every concept, and nothing about what is not there."""

from importlib import resources

import pytest

from diptych.reader.contents import READING_ORDER
from diptych.reader.files import SIDES, stepped
from diptych.reader.notes import notes_on
from diptych.reader.reading import read
from parity_tests.catalogue import concept

NOTES = resources.files("diptych.reader").joinpath("notes")
NOTED = sorted(
    f"{group.name}/{file.name.removesuffix('.toml')}"
    for group in NOTES.iterdir()
    for file in group.iterdir()
)


@pytest.mark.parametrize("path", READING_ORDER)
def test_no_concept_lacks_its_notes(path: str) -> None:
    notes = notes_on(path)

    assert path in NOTED
    assert notes.title
    assert notes.changes
    assert notes.class_name == concept(path).class_name


@pytest.mark.parametrize("path", NOTED)
def test_every_formula_belongs_to_a_step(path: str) -> None:
    for function, formulas in notes_on(path).formulas.items():
        one_sided = function.endswith(".backward")  # PyTorch leaves it to autograd
        for side in SIDES[:1] if one_sided else SIDES:
            marked = stepped(side, path, f"{path.replace('/', '.')}.{function}")
            assert marked is not None, function
            assert formulas.keys() <= {step.first for step in marked.steps}


@pytest.mark.parametrize("path", NOTED)
def test_every_formula_is_told_twice(path: str) -> None:
    for formulas in notes_on(path).formulas.values():
        for formula in formulas.values():
            assert formula.tex.count("{") == formula.tex.count("}")
            assert formula.plain
            assert "\\" not in formula.plain


@pytest.mark.parametrize("path", [p for p in READING_ORDER if "byte_pair" not in p])
def test_every_function_of_a_reading_is_called(path: str) -> None:
    reading = read(path)

    assert all(section.calls > 0 for section in (*reading.sections, *reading.back))
