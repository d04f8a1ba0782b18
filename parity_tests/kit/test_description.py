"""Where code differs is said in the smallest words that are true of all seen."""

from dataclasses import replace

import numpy as np
import pytest

from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.contract.strategies import parameters_of
from parity_tests.kit.arrays import answer
from parity_tests.kit.axes import AXES, TEXT
from parity_tests.kit.description import Entries, where
from parity_tests.kit.differing import where_gradients_differ, where_outputs_differ
from parity_tests.kit.facts import when
from parity_tests.kit.inferred import inferred
from parity_tests.kit.inferred_gradients import inferred_of_gradients
from parity_tests.kit.observations import Observations
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import GRADIENTS, OUTPUT
from parity_tests.known_mistakes.nearest import nearest
from parity_tests.lockstep.backward import reference_backward

CAUSAL, MULTI_HEAD = load("attention/causal"), load("attention/multi_head")
AXES_OF_OUTPUT = TEXT, AXES["T"], AXES["E"]


def case_of(pair, n_tokens, n_texts=2, dtype="float64", **config):
    """Make a case of attention of some size."""
    heads = {"num_heads": 4} if pair is MULTI_HEAD else {}
    config = {
        "d_in": 3,
        "d_out": 8,
        "context_length": n_tokens,
        "dropout": 0.0,
    } | config
    config |= heads
    parameters = parameters_of(pair.path, config, n_tokens, np.float64)
    x = np.random.default_rng(n_tokens).normal(size=(n_texts, n_tokens, 3))
    return Case(config, {"x": x}, parameters).astype(dtype)


def observed(pair, change, sizes=(3, 5, 9)):
    """Observe what a change makes of the right output, in cases of some sizes."""
    cases = [case_of(pair, size) for size in sizes]
    return [(case, change(answer(pair, case))) for case in cases]


def spoilt(*index):
    """Make a change that adds one to some entries."""

    def change(output):
        output = output.copy()
        output[index] += 1.0
        return output

    return change


# Places


@pytest.mark.parametrize(
    ("index", "sizes", "words"),
    [
        ((), (3, 5), "everywhere"),
        ((slice(None), slice(4, None)), (5, 6, 9), "only where t ≥ 4"),
        ((slice(None), slice(-1, None)), (5, 6, 9), "only the last token"),
        ((slice(None), slice(-1, None)), (5,), "only the last token (t = 4)"),
        ((slice(None), 0), (5, 6), "only the first token"),
        ((slice(None), 3), (5, 6), "only token 3"),
        ((slice(None), slice(1, None)), (5, 6), "only after the first token"),
        ((slice(None), slice(0, -1)), (5, 6), "only before the last token"),
        ((slice(None), slice(-2, None)), (5, 6), "only the last 2 tokens"),
        (
            (slice(None), slice(None, None, 4)),
            (9, 17),
            "only where t is a multiple of 4",
        ),
        ((slice(None), slice(1, None, 2)), (5, 6), "only where t is odd"),
        ((slice(None), slice(2, None, 5)), (9, 17), "only where t = 2 mod 5"),
        ((1,), (5, 6), "only the second text of the batch"),
        ((slice(None), slice(None), 2), (5, 6), "only channel 2"),
        ((1, slice(4, None)), (5, 6), "only the second text of the batch, where t ≥ 4"),
        ((slice(None), [1, 3, 4]), (5, 7), "only tokens 1, 3 and 4"),
    ],
)
def test_the_smallest_place_is_named(index, sizes, words):
    seen = observed(CAUSAL, spoilt(*index), sizes)

    assert where_outputs_differ(CAUSAL, seen) == [words]


def test_several_sizes_tell_a_bound_from_the_last_token():
    at_16 = [Entries(AXES_OF_OUTPUT, np.zeros((2, n, 4), bool)) for n in (17, 33)]
    for each in at_16:
        each.wrong[:, 16:] = True

    assert where(at_16[:1]) == "only the last token (t = 16)"
    assert where(at_16) == "only where t ≥ 16"


def test_cases_that_agree_tell_them_apart_as_well():
    wrong = Entries(AXES_OF_OUTPUT, np.zeros((2, 17, 4), bool))
    wrong.wrong[:, 16:] = True
    right = Entries(AXES_OF_OUTPUT, np.zeros((2, 9, 4), bool))

    assert where([wrong, right]) == "only token 16"


def test_what_has_no_pattern_is_said_to_have_none():
    rng = np.random.default_rng(0)
    seen = [Entries(AXES_OF_OUTPUT, rng.random((2, 9, 8)) < 0.3) for _ in range(3)]

    assert where(seen).endswith("% of the entries, in no plain pattern of its axes")


def test_leading_axes_are_counted_through():
    seen = observed(CAUSAL, spoilt(slice(None), slice(4, None)), (6, 9))
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 3))
    case = case_of(CAUSAL, 7).with_inputs(x=x)
    output = answer(CAUSAL, case)
    output[..., 4:, :] += 1.0

    assert where_outputs_differ(CAUSAL, [*seen, (case, output)]) == ["only where t ≥ 4"]


def test_nothing_that_rounds_is_wrong():
    seen = observed(CAUSAL, lambda output: np.nextafter(output, np.inf))

    assert where_outputs_differ(CAUSAL, seen) == []


@pytest.mark.parametrize("head", [0, 3])
def test_a_head_is_found_before_the_output_projection(head):
    seen = []
    for size in (3, 5, 9):
        case = case_of(MULTI_HEAD, size)
        error = np.zeros((2, size, 8))
        error[..., 2 * head : 2 * head + 2] = 1.0
        through = error @ case.parameters["out_proj.weight"].T
        seen.append((case, answer(MULTI_HEAD, case) + through))
    words = where_outputs_differ(MULTI_HEAD, seen)

    assert words == [f"only head {head}, before the output projection"]


# Gradients


def test_gradients_are_told_by_name_and_by_head():
    case = replace(case_of(MULTI_HEAD, 5), grad_output=np.ones((2, 5, 8)))
    gradients = dict(reference_backward(MULTI_HEAD, case).gradients)
    gradients["W_key.weight"] = gradients["W_key.weight"].copy()
    gradients["W_key.weight"][2:4] += 1.0
    first, others = where_gradients_differ(MULTI_HEAD, [(case, gradients)])

    assert first == "the gradient of W_key.weight: only head 1"
    assert others.startswith("not in the gradient of W_query.weight, ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: g["W_key.weight"] * 1.01, "the right one times 1.01"),
        (lambda g: g["W_key.weight"] * 0, "zero"),
        (lambda g: g["W_query.weight"], "that of W_query.weight"),
    ],
)
def test_what_a_gradient_is_instead_is_inferred(change, words):
    seen = []
    for size in (3, 5):
        case = replace(case_of(CAUSAL, size), grad_output=np.ones((2, size, 8)))
        gradients = dict(reference_backward(CAUSAL, case).gradients)
        seen.append((case, gradients | {"W_key.weight": change(gradients)}))
    sentence = f"the gradient of W_key.weight is {words}"

    assert inferred_of_gradients(CAUSAL, seen) == [sentence]


# In which cases


def test_a_size_divides_the_cases():
    sizes = [case_of(CAUSAL, n) for n in range(5, 29)]

    words = "in each of the 12 cases seen with T ≥ 17, in none of the 12 with T ≤ 16"
    assert when(sizes[12:], sizes[:12]) == words


def test_what_is_so_divides_the_cases():
    wrong = [case_of(CAUSAL, n, dtype="float32") for n in range(3, 13)]
    right = [case_of(CAUSAL, n) for n in range(2, 14)]

    words = "in each of the 10 cases seen with float32, in none of the 12 without"
    assert when(wrong, right) == words


def test_what_only_those_that_differ_need_is_said_if_it_is_no_chance():
    wrong = [case_of(CAUSAL, n) for n in range(9, 21)]
    right = [case_of(CAUSAL, n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 12)]

    words = "all 12 cases that differ have T ≥ 9, as have 1 of the 13 that agree"
    assert when(wrong, right) == words
    assert when(wrong[:2], right) == ""


def test_what_the_search_found_counts_as_well_but_is_no_evidence():
    sizes = [case_of(CAUSAL, n) for n in range(5, 29)]
    small = [case_of(CAUSAL, 3)] * 9

    assert when([*small, *sizes[12:]], sizes[:12], n_similar=9) == ""
    assert when([*small, sizes[12]], sizes[:12], n_similar=9) == ""


def test_a_text_divides_the_cases():
    wrong, right = (
        [Case({}, {"text": text}) for text in texts]
        for texts in (["a 7", "8", "b9"] * 3, ["a", "", "b c", " "] * 3)
    )

    assert when(wrong, right).startswith("in each of the 9 cases seen with a digit in")


# What is inferred


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda output: 2 * output, "it is the right output times 2"),
        (lambda output: 1.01 * output, "it is the right output times 1.01"),
        (lambda output: output / 8**0.5, "it is the right output times 1/√head_dim"),
        (
            lambda output: output[:, ::-1],
            "it is the right output, the tokens in reverse order",
        ),
        (
            lambda output: np.float16(output).astype(float),
            "every number is one of float16",
        ),
    ],
)
def test_a_change_of_the_output_is_inferred(change, words):
    assert inferred(CAUSAL, observed(CAUSAL, change)) == [words]


def test_the_step_at_which_an_output_stops_is_inferred():
    seen = []
    for size in (3, 5, 9):
        case = case_of(MULTI_HEAD, size)
        bias, weight = (case.parameters[f"out_proj.{n}"] for n in ("bias", "weight"))
        context = (answer(MULTI_HEAD, case) - bias) @ np.linalg.inv(weight.T)
        seen.append((case, context))

    assert inferred(MULTI_HEAD, seen) == ["it is `context` of step 8"]


def test_what_is_not_so_in_one_case_is_not_inferred():
    seen = observed(CAUSAL, lambda output: 2 * output)
    seen.append((seen[0][0], seen[0][1] + 1))

    assert inferred(CAUSAL, seen) == []


# Known mistakes and dtypes


def half_forgotten(case):
    """Forget the scale where there is more than one token before."""
    right = answer(CAUSAL, case)
    x, scale = case.inputs["x"], case.parameters["W_query.weight"] * 8**0.5
    changed = replace(case, parameters={**case.parameters, "W_query.weight": scale})
    wrong = answer(CAUSAL, changed)
    wrong[:, 4:5] = right[:, 4:5] if x.shape[1] > 5 else wrong[:, 4:5]
    return wrong


def test_the_nearest_mistake_is_named_with_what_it_explains():
    cases = [case_of(CAUSAL, n) for n in (2, 3, 4, 9)]
    found = nearest(CAUSAL, [(case, half_forgotten(case)) for case in cases])

    assert str(found) == "no-scale (explains 3 of 4 cases)"


def test_a_mistake_that_changes_nothing_explains_nothing():
    """What is right but for its rounding is near to all that changes nothing."""
    seen = observed(CAUSAL, lambda output: output * (1 + 1e-9))

    assert nearest(CAUSAL, seen) is None


def test_no_mistake_is_near_to_something_else():
    assert nearest(CAUSAL, observed(CAUSAL, lambda output: 3 - output)) is None


def explained(dtype, change):
    """Explain outputs of another dtype than the input's."""
    observations, verdict = Observations(OUTPUT), Verdict("attention/causal", "a:b")
    for size in (3, 5, 9):
        case = case_of(CAUSAL, size, dtype="float32")
        output = change(answer(CAUSAL, case.astype(float))).astype(dtype)
        observations.add(case, output, differs=True)
    observations.explain(CAUSAL, verdict)
    return verdict


def test_a_dtype_alone_is_said_to_be_all():
    verdict = explained("float64", lambda output: output)

    assert verdict.where == ["only in its dtype"]
    assert verdict.looks_like == []
    assert verdict.nearest is None


def test_values_are_explained_whatever_their_dtype():
    verdict = explained("float64", spoilt(slice(None), 0))

    assert verdict.where == ["only the first token"]
    assert verdict.nearest == "not a known mistake"


def test_a_dtype_and_values_are_said_to_differ():
    verdict = explained("float64", lambda output: output + (output.shape[1] > 3))

    assert verdict.where == ["everywhere", "elsewhere in its dtype alone"]


def test_gradients_that_agree_are_not_explained():
    verdict = Verdict("attention/causal", "a:b")
    Observations(GRADIENTS).explain(CAUSAL, verdict)

    assert verdict == Verdict("attention/causal", "a:b")
