"""Whatever someone's code does is reported as that, and the kit goes on."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.contract.pinned import Pinned, command_for, read_pinned, write_pinned
from parity_tests.kit import checker
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

FOLDER = "parity_tests.kit.misbehaving"
UNREPEATABLE = "it gives different results for the same input"


def checked(name, examples=15, **options):
    """Check a function against simple self-attention."""
    request = Request(load("simple"), f"{FOLDER}:{name}", examples, **options)
    return check(request)


@pytest.fixture(scope="module")
def right():
    """Check code that is right."""
    return checked("right", examples=50)


def test_what_is_right_agrees(right):
    assert right.exit_status == 0
    assert right.agrees
    assert right.examples == 50 + len([*load("simple").probes(0)])
    assert right.error < 8
    assert set(right.properties.values()) == {None}
    assert right.remarks == right.looks_like == []


def test_the_order_of_the_memory_does_not_matter():
    assert checked("in_fortran_order").agrees


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "it raises ArithmeticError: no such luck"),
        ("ends", "it ends its process (exit 3)"),
        ("leaves", "it raises SystemExit: 0"),
        ("changes", "it changes its inputs"),
        ("replaces", "it changes its inputs"),
        ("gives_a_list", "it returns list; expected a NumPy array"),
        ("gives_objects", "it returns an array of objects"),
        (
            "takes_other_arguments",
            "it raises TypeError: too many positional arguments; "
            "functions are called as f(inputs, parameters, config)",
        ),
    ],
)
def test_what_it_does_is_what_is_reported(name, message):
    verdict = checked(name)

    assert verdict.exit_status == 1
    assert verdict.first_difference == message
    assert f"--impl {FOLDER}:{name}" in verdict.reproduce


def test_what_hangs_is_given_up():
    verdict = checked("hangs", time_limit=0.5)

    assert verdict.exit_status == 1
    assert verdict.first_difference == "it takes longer than 0.5 s"


def test_what_prints_still_agrees_and_nothing_reaches_the_terminal(capfd):
    verdict = checked("prints")

    assert verdict.agrees
    assert verdict.remarks == ["it prints"]
    assert "here" not in capfd.readouterr().out


def test_what_it_starts_ends_with_the_check(tmp_path, monkeypatch):
    monkeypatch.setenv("CHILD", str(tmp_path / "child"))

    assert checked("starts_a_process", examples=1).agrees
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    ends = time.monotonic() + 5  # it was killed, which takes a moment
    while is_alive(child) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(process):
    """Whether a process runs; one that has ended may still be listed."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_what_forks_answers_once():
    assert checked("forks").agrees


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gives_half", "expected float64, got float16"),
        ("gives_more", "expected shape ("),
        ("gives_nan", "got nan"),
        ("forgets_to_shift", "got nan"),
    ],
)
def test_another_form_or_other_numbers_differ(name, message):
    verdict = checked(name, examples=40)

    assert verdict.exit_status == 1
    assert message in verdict.first_difference


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("noisy", {"dtype": "float32"}),
        ("fails_at_times", {}),
        ("raises_at_times", {}),
        ("remembers", {}),
    ],
)
def test_results_that_are_not_repeated_are_the_verdict(name, options):
    verdict = checked(name, examples=100, **options)

    assert verdict.exit_status == 1
    assert verdict.first_difference.startswith(f"{UNREPEATABLE}: ")
    assert "first " in verdict.first_difference
    assert "then " in verdict.first_difference


def test_two_kinds_of_failure_are_one_difference():
    verdict = checked("gives_nan_or_a_constant", examples=60, seed=3)

    assert verdict.exit_status == 1


def test_a_known_mistake_is_recognised():
    verdict = checked("mixes_up_axes", examples=30)

    assert "softmax-wrong-axis" in verdict.looks_like


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no.such.module:f", "raises ModuleNotFoundError: No module named 'no'"),
        (f"{FOLDER}:no_such_name", "raises AttributeError"),
        (f"{FOLDER}:a_constant", "raises TypeError: int cannot be called"),
        ("no_colon", "raises ValueError: an implementation is named module:name"),
    ],
)
def test_what_cannot_be_loaded_is_not_run(target, message):
    verdict = check(Request(load("simple"), target))

    assert verdict.exit_status == 2
    assert not verdict.agrees
    assert message in verdict.not_runnable


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"supports": frozenset({"telepathy"})}, "knows no ability telepathy"),
        ({"supports": frozenset({"dropout"})}, "it knows gradients, leading_axes"),
        ({"conventions": ("upside_down",)}, "knows no convention upside_down"),
        ({"dtype": "float16"}, "must be float64 or float32, got float16"),
        ({"time_limit": 0.0}, "the time limit must be finite, above 0 s, got 0"),
        ({"time_limit": -1.0}, "above 0 s, got -1"),
        ({"time_limit": float("nan")}, "above 0 s, got nan"),
        ({"time_limit": float("inf")}, "above 0 s, got inf"),
    ],
)
def test_what_the_pair_does_not_know_is_rejected(options, message):
    with pytest.raises(ValueError, match=message):
        Request(load("simple"), "any:thing", **options)


def test_what_is_not_declared_is_not_tried(right):
    reason = "not declared"
    assert right.not_tried == {"gradients": reason, "leading_axes": reason}
    assert not right.tried


def test_what_is_not_tried_is_an_error_if_it_is_strict():
    verdict = checked("right", examples=1, strict=True)

    assert verdict.agrees
    assert verdict.exit_status == 1


def test_what_is_declared_is_tried_however_few_the_examples():
    verdict = checked("right", examples=1, supports=frozenset({"leading_axes"}))

    assert [*verdict.not_tried] == ["gradients"]
    assert verdict.tried["leading_axes"] > 0


def test_what_gets_worse_with_every_call_is_not_repeated():
    verdict = checked("tires", examples=20)

    assert verdict.exit_status == 1
    assert verdict.first_difference.startswith(UNREPEATABLE)
    assert verdict.reproduce is not None


def test_properties_are_tried_on_what_was_drawn_for_agreement(monkeypatch):
    drawn = []
    draw = checker.search
    monkeypatch.setattr(checker, "search", lambda *of: drawn.append(draw(*of)))

    assert checked("right").agrees
    assert len(drawn) == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_is_asked_in_the_dtype_that_is_wanted(dtype):
    verdict = checked("gives_half", dtype=dtype)

    assert f"expected {dtype}" in verdict.first_difference


# Cases in files


def test_a_case_in_a_file_comes_back_as_it_was(tmp_path):
    masks = (np.array([True, False]), np.array([True]))
    case = Case({"p": 0.5}, {"x": np.ones(2)}, {}, True, 3, np.zeros(2), masks)
    write_pinned(tmp_path / "case.json", [Pinned("primitives/dropout", case, "why")])
    (entry,) = read_pinned(tmp_path / "case.json")

    assert (entry.pair, entry.reason) == ("primitives/dropout", "why")
    assert [mask.tolist() for mask in entry.case.masks] == [[True, False], [True]]
    assert isinstance(entry.case.masks, tuple)
    assert (entry.case.training, entry.case.seed) == (True, 3)
    assert entry.case.grad_output.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("content", ["", "[]]", "[{}]", '{"a": 1}', "[" * 9999, '["é'])
def test_a_file_of_something_else_is_rejected(tmp_path, content):
    path = tmp_path / "case.json"
    path.write_text(content, encoding="latin-1")

    with pytest.raises(ValueError, match="holds no cases"):
        read_pinned(path)


def test_cases_are_written_where_no_one_else_can():
    command = command_for("attention/simple", Case({}, {"x": np.ones(2)}))
    folder = Path(command.split("--case ")[1]).parent.stat()

    assert folder.st_mode & 0o777 == 0o700
    assert folder.st_uid == os.getuid()
