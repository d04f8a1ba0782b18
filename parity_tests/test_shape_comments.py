"""Shape comments are true: they are run, on cases whose sizes differ."""

import re
from importlib import import_module
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from parity_tests.backward import catching
from parity_tests.catalogue import CATALOGUE
from parity_tests.panels import SIDES, files, root, text
from parity_tests.shape_check import check_shapes
from parity_tests.shape_comments import commented_functions, shape_comments

COMMENTED = """
    import numpy as np

    def run(x, n=2):
        total = x.sum(axis=0)  # (C,)
        more = np.zeros(
            (n, len(total) + 1)
        )  # (N, C+1)
        row, both = total[None], x  # (1, C), (*B, C)
        for _ in range(3):
            n += 1
        row = row[:n]  # (1, C)
        return row, more, both
"""


def run_reference(concept, case):
    """Run the NumPy side forwards, and backwards where it can."""
    class_ = concept.reference
    if "backward" not in vars(class_):
        concept.run_reference(class_, case)
        return
    built, class_ = catching(class_)
    output = concept.run_reference(class_, case)
    built[0].backward(np.ones_like(output))


def run_torch(concept, case):
    """Run the PyTorch side."""
    concept.run_torch(concept.torch, case)


def claims_held(concept, side, run):
    """Run cases of a concept, and return the shape comments that were met."""
    met = set()

    @settings(phases=[Phase.generate], max_examples=30)
    @given(concept.cases)
    def hold(case):
        checks = check_shapes(root(side), lambda: run(concept, case))

        assert not [wrong for check in checks for wrong in check.wrong]
        met.update(claim for check in checks for claim in check.held)

    hold()
    return met


@pytest.mark.parametrize(
    ("side", "run"), [(SIDES[0], run_reference), (SIDES[1], run_torch)], ids=SIDES
)
def test_shape_comments_are_true_and_every_one_was_met(side, run):
    met = set()
    for concept in CATALOGUE:
        met |= claims_held(concept, side, run)
    tokenizer = import_module(side).CharacterTokenizer.train("ab")
    checks = check_shapes(root(side), lambda: tokenizer(["a", "", "bab"]))
    met.update(claim for check in checks for claim in check.held)
    claims = {
        claim
        for path in files(side)
        for function in commented_functions(root(side) / path)
        for claim in function.lines.values()
    }

    assert claims
    assert not sorted(f"{claim.file}:{claim.line}" for claim in claims - met)


@pytest.mark.parametrize("side", SIDES)
def test_every_shape_comment_belongs_to_an_assignment(side):
    for path in files(side):
        lines = {line for line, _ in shape_comments(text(side, path))}
        claimed = {
            claim.line
            for function in commented_functions(root(side) / path)
            for claim in function.lines.values()
        }
        assert lines == claimed, path


@pytest.mark.parametrize("side", SIDES)
def test_every_letter_of_a_shape_comment_is_in_the_axis_key(side):
    key = set(re.findall(r"`(\*?\w)`", text(side, "__init__.py")))
    letters = {
        letter
        for path in files(side)
        for _, shapes in shape_comments(text(side, path))
        for shape in shapes
        for axis in shape
        for letter in re.findall(r"\*?\b[A-Za-z]\b", axis)
    }

    assert letters <= key


@pytest.fixture
def wrong_shapes(tmp_path):
    """Run a source and return what its shape comments say wrongly."""

    def run(source):
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.py"
        path.write_text(dedent(source), encoding="utf-8")
        scope = {}
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), scope)
        checks = check_shapes(tmp_path, lambda: scope["run"](np.ones((4, 3))))
        return [wrong for check in checks for wrong in check.wrong]

    return run


def test_true_shape_comments_pass(wrong_shapes):
    assert wrong_shapes(COMMENTED) == []


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("(C,)", "(C, C)"),
        ("(C,)", "()"),
        ("(N, C+1)", "(N, C)"),
        ("(N, C+1)", "(C, N)"),
        ("(N, C+1)", "(N, C-1)"),
        ("(1, C), (*B, C)", "(1, C), (C, *B)"),
        ("(1, C), (*B, C)", "(C, 1), (*B, C)"),
        ("(1, C), (*B, C)", "(1, C), (*B, N)"),
        ("(1, C), (*B, C)", "(1, C)"),
        ("row[:n]  # (1, C)", "row[:n]  # (C, 1)"),
    ],
)
def test_a_false_shape_comment_is_found(wrong_shapes, true, false):
    assert wrong_shapes(COMMENTED.replace(true, false))


def test_the_signature_binds_letters_first(wrong_shapes):
    signature = 'def run(x: Float[np.ndarray, "T D"]):'
    source = f"""
        import numpy as np
        from jaxtyping import Float

        {signature}
            y = x.T  # (D, T)
            return y
    """

    assert wrong_shapes(source) == []
    assert wrong_shapes(source.replace("# (D, T)", "# (T, D)")) == [
        "line 6: y is said to be (T, D) with {'T': 4, 'D': 3}, and is (3, 4)"
    ]
