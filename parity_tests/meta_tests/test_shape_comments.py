"""Shape comments are true: they are run, on cases whose sizes differ."""

import inspect
from functools import partial
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from parity_tests import catalogue
from parity_tests.contract.backend import BACKENDS, REFERENCE
from parity_tests.lockstep.backward import gradient_for
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
        yield partial(module.backward, gradient_for(case, output), tape)
    else:
        forward = record("reference", partial(pair.call, backend, case))
        made = {**case.inputs, **case.config}
        for snapshot in forward.invocations[0].snapshots:
            made |= snapshot.values
        _, *needed = inspect.signature(pair.backward_function).parameters
        kwargs = {name: made[name] for name in needed}
        yield partial(pair.call, backend, case)
        grad_output = gradient_for(case, forward.result)
        yield partial(pair.backward_function, grad_output, **kwargs)


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_shape_comments_are_true_and_every_one_is_met(backend):
    folder, met = root(backend.package), set()

    def follow(call):
        with np.errstate(all="ignore"):  # of numbers that overflow
            checks = check_shapes(folder, call)
        assert not [wrong for check in checks for wrong in check.wrong]
        met.update(claim for check in checks for claim in check.met)

    @settings(phases=[Phase.generate], max_examples=30)
    @given(st.data())
    def run_pairs(data):
        for pair in catalogue.load_all():
            for call in calls(backend, pair, data.draw(pair.cases)):
                follow(call)

    run_pairs()
    tokenizer = catalogue.load("character").part(backend).from_text("ab")
    follow(lambda: tokenizer(["a", "", "bab"]))
    claims = {
        claim for path in files(backend.package) for claim in claimed(folder / path)
    }

    assert claims
    assert not sorted(f"{claim.file}:{claim.line}" for claim in claims - met)


def claimed(path):
    """List the shape comments of a file that belong to a statement."""
    functions = commented_functions(path)
    return [claim for function in functions for claim in function.lines.values()]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_shape_comment_belongs_to_a_statement_that_gives_a_value(package):
    for path in files(package):
        lines = {line for line, _ in shape_comments(text(package, path))}
        assert lines == {claim.line for claim in claimed(root(package) / path)}, path


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
    assert wrong_shapes(COMMENTED) == []
    assert wrong_shapes(COMMENTED.replace(true, false))


def test_the_signature_binds_letters_first(wrong_shapes):
    source = """
        import numpy as np
        from jaxtyping import Float

        def run(x: Float[np.ndarray, "T D"]):
            y = x.T  # (D, T)
            return y
    """

    assert wrong_shapes(source) == []
    assert wrong_shapes(source.replace("# (D, T)", "# (T, D)")) == [
        "line 6: y is said to be (T, D) with {'T': 4, 'D': 3}, and is (3, 4)"
    ]
