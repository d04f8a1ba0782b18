"""Laws that need no reference: what any implementation of a concept must obey."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity_tests.agreement import LIMIT, compare
from parity_tests.concept import Case, Concept
from parity_tests.expected import Expected

Ask = Callable[[Case], dict[str, Any]]
Expect = Callable[[], Expected]  # run the reference only where its answer is needed


class BrokenLaw(AssertionError):  # noqa: N818 - it names what is broken
    """A law that an implementation does not obey, and where."""


@dataclass(frozen=True)
class Law:
    """A sentence, whom it binds, and the check that raises `BrokenLaw`."""

    sentence: str
    binds: Callable[[Concept], bool]
    check: Callable[[Ask, Case, Expect], None]


def the_past_stays(ask: Ask, case: Case, expect: Expect) -> None:
    """Change the later half of the tokens; compare what the earlier half became."""
    x = case.inputs["x"]
    half = x.shape[-2] // 2
    other = x.copy()
    other[..., half:, :] = 1 - other[..., half:, :]
    before = ask(case)["output"][..., :half, :]
    after = ask(with_input(case, "x", other))["output"][..., :half, :]
    require_same(before, after, expect)


def texts_stay_apart(ask: Ask, case: Case, expect: Expect) -> None:
    """Send the first text of a batch through alone, without dropout."""
    name = "x" if "x" in case.inputs else "ids"
    texts = case.inputs[name]
    if texts.ndim < (3 if name == "x" else 2) or len(texts) == 0:
        return  # there is but one text, or none
    quiet = replace(case, inputs={name: texts}, training=False)
    together = ask(quiet)["output"]
    alone = ask(with_input(quiet, name, texts[:1]))["output"]
    require_same(together[:1], alone, expect)


def order_is_carried_along(ask: Ask, case: Case, expect: Expect) -> None:
    """Reverse the tokens; the answer must be reversed and nothing else."""
    x = case.inputs["x"]
    forwards = ask(case)["output"]
    backwards = ask(with_input(case, "x", np.flip(x, axis=-2).copy()))["output"]
    require_same(np.flip(forwards, axis=-2), backwards, expect)


def twice_is_once(ask: Ask, case: Case, expect: Expect) -> None:
    """Ask the same thing twice."""
    require_same(ask(case)["output"], ask(case)["output"], expect)


def decoding_undoes_encoding(ask: Ask, case: Case, expect: Expect) -> None:
    """Compare the decoded text with the text, if all of it was learned."""
    _, decoded = expect().output
    if decoded != case.inputs["text"]:
        return
    text = ask(case)["text"]
    if text != case.inputs["text"]:
        raise BrokenLaw(f"{case.inputs['text']!r} came back as {text!r}")


def targets_are_inputs_shifted(ask: Ask, case: Case, expect: Expect) -> None:
    """Compare each target with the next input of its window."""
    inputs, targets = ask(case)["output"]
    require_same(inputs[:, 1:], targets[:, :-1])


def with_input(case: Case, name: str, value: Any) -> Case:
    """Put another input in."""
    return replace(case, inputs={**case.inputs, name: value})


def require_same(before: Any, after: Any, expect: Expect | None = None) -> None:
    """Raise where two answers differ, by more than rounding if `expect` is given."""
    agreement = compare(before, after)
    if agreement.score > 0 and expect is not None:
        agreement = compare(before, after, expect().yardsticks.get("result", 0.0))
    if agreement.score > LIMIT:
        raise BrokenLaw(agreement.reason)


def lossless(concept: Concept) -> bool:
    """Tell whether a tokenizer keeps every text; the book's word split does not."""
    return concept.group == "tokenizers" and "lossy" not in concept.supports


LAWS = (
    Law(
        "the future has no influence on the past",
        lambda concept: "causal" in concept.supports,
        the_past_stays,
    ),
    Law(
        "permuting the tokens permutes the contexts",
        lambda concept: (
            concept.group == "attention" and "causal" not in concept.supports
        ),
        order_is_carried_along,
    ),
    Law(
        "the texts of a batch do not see each other",
        lambda concept: "leading_axes" in concept.supports,
        texts_stay_apart,
    ),
    Law(
        "the same input twice gives the same output",
        lambda concept: True,
        twice_is_once,
    ),
    Law("decoding undoes encoding", lossless, decoding_undoes_encoding),
    Law(
        "targets are inputs shifted by one",
        lambda concept: concept.name == "windows",
        targets_are_inputs_shifted,
    ),
)


def laws_of(concept: Concept) -> list[Law]:
    """List the laws that bind a concept."""
    return [law for law in LAWS if law.binds(concept)]
