"""Known mistakes are found, built, distinguished where that can be, and counted.

That each is rejected is tested in the file of its pair, with all else that is tested
of the pair.
"""

import re
from dataclasses import replace
from fnmatch import fnmatch
from importlib import import_module

import pytest

from parity_tests.catalogue import PATHS, load
from parity_tests.known_mistakes import (
    Mistake,
    all_mistakes,
    changes,
    mistaken_part,
    mistakes_of,
    same_effect_as,
    why_rejected,
)
from parity_tests.known_mistakes.build import mistaken_package
from parity_tests.known_mistakes.catalogue import ENTRIES
from parity_tests.known_mistakes.effect import OUTPUT
from parity_tests.known_mistakes.mistake import Edit
from parity_tests.known_mistakes.patch import fits, source_of
from parity_tests.known_mistakes.reading import read_entries
from parity_tests.known_mistakes.required import FIRST_EDITION, REQUIRED, WAITING
from parity_tests.known_mistakes.trial import cases_of, outcome
from reference.tape import Tape

N_RIGHT = 30  # cases in which an output must be right where only gradients are wrong
CAUSAL, SIMPLE = "attention/causal", "attention/simple"

of_each_pair = pytest.mark.parametrize("path", PATHS)


def mistake_of(path: str, name: str) -> Mistake:
    """Find a mistake of a pair by its name."""
    return next(each for each in mistakes_of(path) if each.id == name)


@pytest.mark.parametrize("path", FIRST_EDITION)
def test_no_pair_has_fewer_mistakes_than_in_the_first_edition(path):
    assert len(mistakes_of(path)) >= FIRST_EDITION[path]


def test_every_patch_fits_a_pair_unless_its_mistake_waits():
    made = {(each.id, each.edits) for each in all_mistakes()}
    unused = {
        (entry.id, patch.edits)
        for entry in ENTRIES
        for patch in entry.patches
        if (entry.id, patch.edits) not in made and entry.id not in WAITING
    }

    assert unused == set()


def test_every_patch_changes_the_lines_that_it_names():
    for mistake in all_mistakes():
        shown = changes(mistake)

        assert len(shown) == len(mistake.edits)
        assert all(change.right != change.wrong for change in shown), mistake.id


def test_lines_must_stand_once_in_the_step_that_is_named():
    right = "np.where(causal_mask, attn_scores, -np.inf)"

    assert fits(f"{CAUSAL}.py", [Edit("Causal mask", right, "")])
    assert not fits(f"{CAUSAL}.py", [Edit("Softmax", right, "")])
    assert not fits(f"{CAUSAL}.py", [Edit("Projections", "(x, tape)", "")])  # thrice
    assert not fits(f"{CAUSAL}.py", [Edit("No such step", right, "")])


def test_a_change_is_shown_in_whole_lines_with_their_number():
    (change,) = changes(mistake_of(CAUSAL, "mask-transposed"))
    (right,), (wrong,) = change.right, change.wrong

    assert right.strip() == "causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)"
    assert wrong.strip() == "causal_mask = np.tri(n_tokens, dtype=bool).T  # (T, T)"
    assert source_of(f"{CAUSAL}.py").splitlines()[change.line - 1] == right


def test_every_entry_has_an_id_of_its_own_a_title_a_story_and_links():
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert re.fullmatch(r"[\w-]+", entry.id)
        assert entry.title, entry.id
        assert entry.story.endswith("."), entry.id
        assert all("#" in place or "://" in place for place in entry.seen_in), entry.id


def test_what_is_no_replacement_is_an_error():
    with pytest.raises(ValueError, match=r"a line must have an arrow or be marked"):
        read_entries("id: Title\n    Story.\n@ Step:\n    - right\n    wrong\n")


def test_every_required_mistake_is_made_or_waits():
    assert REQUIRED - {mistake.id for mistake in all_mistakes()} - set(WAITING) == set()


@pytest.mark.parametrize("name", WAITING)
def test_what_waits_for_a_pair_is_made_in_it_and_nowhere_else(name):
    due = {path for path in PATHS if any(fnmatch(path, p) for p in WAITING[name])}
    made = {mistake.pair for mistake in all_mistakes() if mistake.id == name}

    assert bool(due) == bool(made & due)
    assert made <= due


@pytest.mark.parametrize("caught_by", ["agreement", "steps", "gradients"])
def test_what_is_no_mistake_is_not_rejected(caught_by):
    edit = Edit("Softmax", "np.exp(", "np.exp(1 * ")
    harmless = replace(
        mistake_of(CAUSAL, "softmax-base-two"),
        id=f"harmless-{caught_by}",
        edits=(edit,),
        caught_by=caught_by,
    )

    assert why_rejected(harmless) == ""


@of_each_pair
def test_where_only_steps_or_gradients_are_wrong_the_output_is_right(path):
    pair = load(path)
    silent = [m for m in mistakes_of(path) if m.caught_by in ("steps", "gradients")]
    for number, case in enumerate(cases_of(pair)[:N_RIGHT] if silent else ()):
        right = outcome(path, number, OUTPUT)
        for mistake in silent:
            output = outcome(path, number, OUTPUT, mistake)

            assert OUTPUT.same(pair, case, right, output), mistake.id


@of_each_pair
def test_that_two_mistakes_have_the_same_effect_is_said_of_both(path):
    same = {mistake.id: same_effect_as(mistake) for mistake in mistakes_of(path)}

    for name, others in same.items():
        assert all(name in same[other] for other in others)


def test_of_symmetric_scores_rows_cannot_be_told_from_columns():
    found = same_effect_as(mistake_of(SIMPLE, "softmax-wrong-axis"))

    assert found == ("weights-mixed-by-column",)
    assert same_effect_as(mistake_of(CAUSAL, "softmax-wrong-axis")) == ()


def test_a_mistake_in_a_primitive_reaches_what_is_built_of_it_and_on_the_same_tape():
    mistake = mistake_of("attention/multi_head_wrapper", "bias-dropped")
    (head,) = mistaken_part(mistake)(1, 1, 1, 0.0, num_heads=1).heads
    package = mistaken_package(mistake)

    assert mistake.file == "primitives/linear.py"
    assert type(head).__module__ == f"{package}.attention.causal"
    assert type(head.W_key).__module__ == f"{package}.primitives.linear"
    assert import_module(type(head).__module__).Tape is Tape
