"""Shape comments are true: they are run, on cases whose sizes differ."""

import inspect
from functools import partial
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from parity_tests import catalogue
from parity_tests.contract.backend import BACKENDS, REFERENCE
from parity_tests.lockstep.recording import record
from parity_tests.sources.panels import PACKAGES, files, root, text
from parity_tests.sources.shape_check import check_shapes
from parity_tests.sources.shape_comments import commented_functions, shape_comments
from reference.tape import Tape

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
        return row, more, both  # (1, C), (N, C+1), (*B, C)
"""


def calls(backend, pair, case):
    """Yield what runs a case on a backend, forward and, on the reference, backward."""
    tape = Tape()
    if backend is not REFERENCE or not pair.has_gradients:
        yield partial(pair.call, backend, case)
    elif pair.is_module:
        module = pair.build(backend, case)
        yield partial(module, *case.inputs.values(), tape=tape)
        output = pair.call(backend, case)
        yield partial(module.backward, np.ones_like(output), tape)
    else:
        forward = record("reference", partial(pair.call, backend, case))
        made = {**case.inputs, **case.config}
        for snapshot in forward.invocations[0].snapshots:
            made |= snapshot.values
        _, *needed = inspect.signature(pair.backward_function).parameters
        kwargs = {name: made[name] for name in needed}
        yield partial(pair.call, backend, case)
        yield partial(pair.backward_function, np.ones_like(forward.result), **kwargs)


def claims_of(pair, backend):
    """Run cases of a pair, and return the shape comments that were met and hold."""
    met = set()

    @settings(phases=[Phase.generate], max_examples=30)
    @given(pair.cases)
    def check(case):
        for call in calls(backend, pair, case):
            checks = check_shapes(root(backend.package), call)

            assert not [wrong for check in checks for wrong in check.wrong]
            met.update(claim for check in checks for claim in check.met)

    check()
    return met


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_shape_comments_are_true_and_every_one_is_met(backend):
    folder, met = root(backend.package), set()
    for pair in catalogue.load_all():
        met |= claims_of(pair, backend)
    tokenizer = catalogue.load("character").part(backend).from_text("ab")
    checks = check_shapes(folder, lambda: tokenizer(["a", "", "bab"]))
    met.update(claim for check in checks for claim in check.met)
    claims = {
        claim
        for path in files(backend.package)
        for function in commented_functions(folder / path)
        for claim in function.lines.values()
    }

    assert claims
    assert not sorted(f"{claim.file}:{claim.line}" for claim in claims - met)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_shape_comment_belongs_to_a_statement_that_gives_a_value(package):
    for path in files(package):
        lines = {line for line, _ in shape_comments(text(package, path))}
        claimed = {
            claim.line
            for function in commented_functions(root(package) / path)
            for claim in function.lines.values()
        }
        assert lines == claimed, path


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
        ("both  # (1, C), (N, C+1), (*B, C)", "both  # (1, C), (N, C), (*B, C)"),
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
