"""The numbered steps of a source are found as a reader finds them."""

from textwrap import dedent

import pytest

from parity_tests.sources.steps import stepped_functions


@pytest.fixture
def steps_of(tmp_path):
    """Read the steps of a source: number, sentence and stored names, by function."""

    def read(source):
        path = tmp_path / "panel.py"
        path.write_text(dedent(source), encoding="utf-8")
        stepped_functions.cache_clear()
        return {
            function.name: [
                (step.number, step.sentence, " ".join(sorted(step.names)))
                for step in function.steps
            ]
            for function in stepped_functions(path, "panel")
        }

    return read


def test_a_step_is_a_comment_alone_on_its_line_and_a_range_is_one_step(steps_of):
    source = '''
        # 1. Outside of any function.
        def f(x):
            """# 1. In a docstring."""
            # 1. Double it.
            y = x * 2  # 2. Behind code.
            # 3 has no full stop, 4. does not begin the line
            text = """
            # 2. In a text.
            """
            # 2-5. Do the rest.
            return y
    '''

    assert steps_of(source) == {
        "panel.f": [("1", "Double it.", "text y"), ("2-5", "Do the rest.", "return")]
    }


def test_steps_belong_to_the_function_that_they_stand_in(steps_of):
    source = """
        class Mean:
            def __call__(self, x):
                # 1. Define.
                def inner(y):
                    # 1. Inside.
                    z = y
                # 2. Call.
                self.w = inner(x)
        def plain(x):
            return x
    """

    assert steps_of(source) == {
        "panel.Mean.forward": [("1", "Define.", ""), ("2", "Call.", "self.w")],
        "panel.Mean.forward.inner": [("1", "Inside.", "z")],
    }


STORED = """
        def f(x):
            # 1. Store.
            a, (b, *c) = x
            d[0] = e.f = 1
            g += 1
            for h in x:
                with x as i:
                    pass
            np.minimum.at(j, x, 1)
            k.scatter_(0, x, x)
            y = np.exp(x, out=m)
            if (n := 1) and [o for o in x]:
                p = lambda q: q
            r[:2].sort()
"""
BLOCKS = """
        def f(x):
            # 1. Begin.
            a = 1
            while x:
                # 2. Go round.
                b = 2
                # 3. Go on.
                c = 3
            after = 4
            # 4. Take one after the other.
            for d in x:
                # 5. Store it.
                e = d
"""
BRANCHES = """
        def f(x):
            if x:
                # 1. Then.
                a = 1
            elif y:
                # 2. Else if.
                b = 1
            else:
                # 3. Else.
                c = 1
            try:
                # 4. Try.
                d = 1
            except ValueError:
                # 5. Repair.
                e = 1
            finally:
                # 6. Clean up.
                f = 1
            match x:
                case 1:
                    # 7. Match.
                    g = 1
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param(STORED, ["a b c d e.f g h i j k m n p r y"], id="or changes"),
        pytest.param(BLOCKS, [*"abcde"], id="in its block, with a head right below it"),
        pytest.param(BRANCHES, [*"abcdefg"], id="in every branch"),
    ],
)
def test_names_are_what_a_step_stores(steps_of, source, names):
    assert [stored for _, _, stored in steps_of(source)["panel.f"]] == names
