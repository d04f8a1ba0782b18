"""Whatever someone's code does is reported as that, and the kit goes on."""

import pytest

from parity_tests.catalogue import concept
from parity_tests.kit import checker
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

FOLDER = "parity_tests.kit.misbehaving"


def checked(name, examples=15, **options):
    """Check a function against simple self-attention."""
    request = Request(concept("simple"), f"{FOLDER}:{name}", examples, **options)
    return check(request)


@pytest.fixture(scope="module")
def right():
    """What the kit says of code that is right."""
    return checked("right", examples=50)


def test_what_is_right_agrees(right):
    assert right.exit_status == 0
    assert right.agrees
    assert right.examples == 50
    assert right.score < 8
    assert set(right.laws.values()) == {None}
    assert right.remarks == right.looks_like == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "it raises ArithmeticError: no such luck"),
        ("ends", "it ends its process (exit 3)"),
        ("leaves", "it raises SystemExit: 0"),
        ("changes", "it changes its inputs"),
        ("replaces", "it changes its inputs"),
        ("gives_a_list", "it returns list, where an array is due"),
        ("gives_objects", "it returns an array of objects"),
        ("gives_nan", "it returns NaN"),
    ],
)
def test_what_it_does_is_what_is_said(name, said):
    verdict = checked(name)

    assert verdict.exit_status == 1
    assert verdict.first_difference == said
    assert f"--impl {FOLDER}:{name}" in verdict.rerun


def test_what_hangs_is_given_up():
    verdict = checked("hangs", time_limit=0.5)

    assert verdict.exit_status == 1
    assert verdict.first_difference == "it takes longer than 0.5 s"


def test_what_prints_still_agrees_and_nothing_reaches_the_terminal(capfd):
    verdict = checked("prints")

    assert verdict.agrees
    assert verdict.remarks == ["it prints"]
    assert "here" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gives_half", "expected float64, got float16"),
        ("gives_more", "expected shape ("),
    ],
)
def test_another_form_of_the_same_numbers_departs(name, said):
    verdict = checked(name)

    assert verdict.exit_status == 1
    assert said in verdict.first_difference


def test_what_overflows_is_found_out():
    verdict = checked("forgets_to_shift", examples=60)

    assert verdict.first_difference in ("it returns NaN",)


def test_two_kinds_of_failure_are_one_departure():
    verdict = checked("gives_nan_or_a_constant", examples=60, seed=3)

    assert verdict.exit_status == 1


def test_a_known_mistake_is_recognised():
    verdict = checked("mixes_up_axes", examples=30)

    assert verdict.looks_like == ["softmax-wrong-axis"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no.such.module:f", "raises ModuleNotFoundError: No module named 'no'"),
        (f"{FOLDER}:no_such_name", "raises AttributeError"),
        (f"{FOLDER}:a_constant", "raises TypeError: int cannot be called"),
        ("no_colon", "raises ValueError: an implementation is named module:name"),
    ],
)
def test_what_cannot_be_loaded_is_not_run(target, said):
    verdict = check(Request(concept("simple"), target))

    assert verdict.exit_status == 2
    assert not verdict.agrees
    assert said in verdict.not_runnable


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"supports": frozenset({"telepathy"})}, "knows no capability telepathy"),
        ({"supports": frozenset({"dropout"})}, "it knows gradients, leading_axes"),
        ({"conventions": ("upside_down",)}, "knows no convention upside_down"),
        ({"dtype": "float16"}, "must be float64 or float32, got float16"),
    ],
)
def test_what_the_pair_does_not_know_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Request(concept("simple"), "any:thing", **options)


def test_what_is_not_declared_is_not_tried(right):
    assert right.not_tried == ["gradients", "leading_axes"]
    assert not right.tried


def test_what_is_declared_is_tried_however_few_the_examples():
    verdict = checked("right", examples=1, supports=frozenset({"leading_axes"}))

    assert verdict.not_tried == ["gradients"]
    assert verdict.tried["leading_axes"] > 0


def test_what_agrees_may_break_a_law_all_the_same():
    verdict = checked("tires", examples=20)

    assert verdict.first_difference is None
    assert verdict.exit_status == 1
    assert "expected" in verdict.laws["the same input gives the same result"]
    assert verdict.rerun is not None


def test_laws_are_tried_on_what_was_drawn_for_agreement(monkeypatch):
    drawn = []
    draw = checker.search
    monkeypatch.setattr(checker, "search", lambda *of: drawn.append(draw(*of)))

    assert checked("right").agrees
    assert len(drawn) == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_is_asked_in_the_dtype_that_is_wanted(dtype):
    verdict = checked("gives_half", dtype=dtype)

    assert f"expected {dtype}" in verdict.first_difference
