"""Every known mistake is rejected, told, and different from every other."""

import sys
from collections import Counter
from fnmatch import fnmatch
from importlib import import_module
from itertools import combinations
from pathlib import Path

import pytest

import reference
from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.concept import Case, Concept
from parity_tests.expected import expected
from parity_tests.gradients import compare_gradients
from parity_tests.known_mistakes import MISTAKES, WAITING, changes, mistakes_of
from parity_tests.known_mistakes.build import (
    dotted,
    importers,
    mistaken_class,
    mistaken_package,
)
from parity_tests.known_mistakes.listed import LISTED
from parity_tests.known_mistakes.mistake import COMMON, Mistake
from parity_tests.known_mistakes.observable import OUTPUT
from parity_tests.known_mistakes.trial import (
    cases_of,
    departures,
    outcome_of,
    right_outcome,
    told_apart,
)
from parity_tests.lockstep import compare_recordings
from parity_tests.recording import record

SUITE = Path(__file__).parent.parent
N_RIGHT = 30  # cases in which a mistake on the way back must be right on the way there


of_each_concept = pytest.mark.parametrize(
    "concept", CATALOGUE, ids=[each.path for each in CATALOGUE]
)


@of_each_concept
def test_the_suite_rejects_every_mistake(concept: Concept) -> None:
    passed = [
        mistake.id
        for mistake in mistakes_of(concept)
        if mistake.caught_by == "agreement" and first_departure(mistake) is None
    ]

    assert passed == []


def first_departure(mistake: Mistake) -> int | None:
    """Find the first case for which the mistake makes a difference, if there is one."""
    return next(departures(mistake), None)


@of_each_concept
def test_what_no_output_shows_a_step_shows(concept: Concept) -> None:
    passed = [
        mistake.id
        for mistake in mistakes_of(concept)
        if mistake.caught_by == "steps" and not departs_on_the_way(concept, mistake)
    ]

    assert passed == []


def departs_on_the_way(concept: Concept, mistake: Mistake) -> bool:
    """Whether a step of the mistake departs from the reference's for any case."""
    wrong, package = mistaken_class(mistake), mistaken_package(mistake)

    def departs(case: Case) -> bool:
        held = expected(concept, case)
        side = record(package, lambda: concept.run_reference(wrong, case))
        comparison = compare_recordings(
            held.recording, [side], held.yardsticks, held.dtype
        )
        return comparison.departure is not None

    return any(departs(case) for case in cases_of(concept.path))


@of_each_concept
def test_what_is_wrong_on_the_way_back_alone_gradients_show(concept: Concept) -> None:
    passed = [
        mistake.id
        for mistake in mistakes_of(concept)
        if mistake.on_the_way_back and not departs_on_the_way_back(concept, mistake)
    ]

    assert passed == []


def departs_on_the_way_back(concept: Concept, mistake: Mistake) -> bool:
    """Whether autograd of the twin departs from the mistake in any case."""
    wrong = mistaken_class(mistake)
    comparisons = (
        compare_gradients(concept, case, wrong) for case in cases_of(concept.path)
    )
    return any(each.departure is not None for each in comparisons)


@of_each_concept
def test_on_the_way_there_such_a_mistake_is_right(concept: Concept) -> None:
    cases = cases_of(concept.path)[:N_RIGHT]

    for mistake in mistakes_of(concept):
        for number, case in enumerate(cases if mistake.on_the_way_back else ()):
            right = right_outcome(concept.path, number)
            output = outcome_of(concept.path, mistaken_class(mistake), number)
            assert OUTPUT.alike(concept, case, right, output), mistake.id


OF_THE_RECORD = {"law": "test_each_law_holds", "refusal": "test_what_is_refused"}
COMPARED = ("agreement", "steps", "gradients")
BY_A_LAW = [m for m in MISTAKES if m.caught_by not in COMPARED]


@pytest.mark.parametrize("mistake", BY_A_LAW, ids=[m.id for m in BY_A_LAW])
def test_what_only_a_law_shows_that_law_rejects(
    mistake: Mistake, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place_of_the_reference(mistake, monkeypatch)
    test = rejecting(mistake)
    path, _, _ = test.partition("::")
    monkeypatch.delitem(sys.modules, f"parity_tests.{dotted(path)}", raising=False)

    assert run_alone(test) == pytest.ExitCode.TESTS_FAILED


def rejecting(mistake: Mistake) -> str:
    """Name the test that rejects a mistake."""
    kind, _, words = mistake.caught_by.partition(": ")
    if kind not in OF_THE_RECORD:
        return mistake.caught_by
    name = concept(mistake.concept).name
    return f"test_catalogue.py::{OF_THE_RECORD[kind]}[{name}: {words}-reference]"


def put_in_place_of_the_reference(
    mistake: Mistake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let all who ask for the files that the mistake reaches get its own."""
    for file in importers(mistake.file):
        folder, _, name = f"reference.{dotted(file)}".rpartition(".")
        wrong = import_module(f"{mistaken_package(mistake)}.{dotted(file)}")
        monkeypatch.setitem(sys.modules, f"{folder}.{name}", wrong)
        monkeypatch.setattr(import_module(folder), name, wrong)
    name = concept(mistake.concept).class_name
    monkeypatch.setattr(reference, name, mistaken_class(mistake))


def run_alone(test: str) -> int:
    """Run a test of the suite by itself and return the exit status."""
    options = ["-qq", "-x", "--no-summary", "-p", "no:cacheprovider"]
    for setting in ("addopts=--import-mode=importlib", "timeout=0"):
        options += ["-o", setting]
    return pytest.main([f"{SUITE}/{test}", *options])


@of_each_concept
def test_no_two_mistakes_are_one(concept: Concept) -> None:
    mistakes = mistakes_of(concept)
    shown = [m for m in mistakes if m.caught_by in ("agreement", "gradients")]

    alike = [
        (one.id, other.id)
        for one, other in combinations(shown, 2)
        if one.caught_by == other.caught_by and not told_apart(one, other)
    ]

    assert alike == []


@of_each_concept
def test_every_concept_has_mistakes_each_of_its_own_name(concept: Concept) -> None:
    names = Counter(mistake.id for mistake in mistakes_of(concept))

    assert names
    assert [name for name, times in names.items() if times > 1] == []


def test_every_mistake_is_of_a_concept_in_the_catalogue() -> None:
    paths = {concept.path for concept in CATALOGUE}

    assert {mistake.concept for mistake in MISTAKES} - paths == set()


def test_the_lines_of_every_patch_stand_once_in_the_reference_and_change() -> None:
    for mistake in MISTAKES:
        for change in changes(mistake):
            assert change.right != change.wrong, mistake.id


def test_every_mistake_has_a_title_a_story_and_where_it_was_seen() -> None:
    for mistake in MISTAKES:
        assert mistake.title, mistake.id
        assert mistake.story.endswith("."), mistake.id
        assert mistake.seen_in == COMMON or all(
            link.startswith("https://") for link in mistake.links
        )


def test_every_listed_mistake_is_shown_or_waits() -> None:
    shown = {mistake.id for mistake in MISTAKES}

    assert LISTED - shown - set(WAITING) == set()
    assert shown & set(WAITING) == set()


def test_nothing_waits_for_a_concept_that_is_there() -> None:
    due = {
        name: concept.path
        for name, waiting in WAITING.items()
        for concept in CATALOGUE
        if any(fnmatch(concept.path, pattern) for pattern in waiting.concepts)
    }

    assert due == {}
