"""What an implementation is asked for a case, and what it is expected to answer."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.concept import Case, Concept
from parity_tests.expected import Expected, expected
from parity_tests.recording import Recording


def asked(concept: Concept, case: Case) -> dict[str, Any]:
    """Write a case as a request: arrays for a layer, a vocabulary for a tokenizer."""
    if concept.group == "tokenizers":
        made_of = vocabulary_of(learned(concept, case))
        return {"make": made_of, "text": case.inputs["text"]}
    return {
        "inputs": dict(case.inputs),
        "weights": dict(case.weights),
        "config": {**case.config, "training": case.training},
        "seed": case.seed,
    }


def vocabulary_of(tokenizer: Any) -> dict[str, list[Any]]:
    """Say a vocabulary as the arguments of a factory, in pairs."""
    if not hasattr(tokenizer, "merges"):
        return {"vocabulary": [[k, v] for k, v in tokenizer.vocabulary.items()]}
    n_tokens = 256 + len(tokenizer.merges)
    tokens = [tokenizer.decode_bytes([i]) for i in range(n_tokens)]
    return {
        "vocabulary": [[token, i] for i, token in enumerate(tokens)],
        "merges": [[tokens[left], tokens[right]] for left, right in tokenizer.merges],
        "special_tokens": [[*pair] for pair in tokenizer.special_tokens.items()],
    }


def expected_answer(concept: Concept, case: Case) -> Expected:
    """Say what should be answered: a layer's output, or windows, or ids and text."""
    if case.weights or concept.group == "attention":
        return expected(concept, case)
    answer = answered(concept, concept.reference, case)
    return Expected(Recording("reference", result=answer), {})


def said(answer: dict[str, Any]) -> Any:
    """Take what an implementation said out of its answer: ids and text, or an array."""
    if "text" in answer:
        return [answer["output"], answer["text"]]
    return answer["output"]


def answered(concept: Concept, class_: Any, case: Case) -> Any:
    """Run a class in the reference's form, and answer as an implementation would.

    A tokenizer is made of what the reference has learned, as an implementation's is.
    """
    if concept.group == "tokenizers":
        tokenizer = made(class_, learned(concept, case))
        special = {"allowed_special": "all"} if "vocab_size" in case.config else {}
        ids = tokenizer.encode(case.inputs["text"], **special)
        return [ids, tokenizer.decode(ids)]
    return concept.answer(concept.run_reference(class_, case))


def learned(concept: Concept, case: Case) -> Any:
    """Let the reference learn from the text of a case."""
    return concept.reference.train(case.inputs["corpus"], **case.config)


def made(class_: Any, tokenizer: Any) -> Any:
    """Make a tokenizer of another class from what one has learned."""
    if hasattr(tokenizer, "merges"):
        return class_(tokenizer.merges, [*tokenizer.special_tokens])
    return class_(tokenizer.vocabulary)


def narrowed(case: Case, supports: frozenset[str], dtype: str | None) -> Case:
    """Ask for no more than what is declared, in the dtype that is asked for."""
    inputs, training = dict(case.inputs), case.training
    if "dropout" not in supports:
        inputs.pop("keep", None)
        training = False
    if "x" in inputs and "leading_axes" not in supports:
        extra = inputs["x"].ndim - 2  # every other array has those axes in front too
        inputs = {
            name: array.reshape(math.prod(array.shape[:extra]), *array.shape[extra:])
            for name, array in inputs.items()
        }
    if dtype is None:
        return replace(case, inputs=inputs, training=training)
    return replace(
        case,
        inputs={name: cast(array, dtype) for name, array in inputs.items()},
        weights={name: cast(array, dtype) for name, array in case.weights.items()},
        training=training,
    )


def cast(value: Any, dtype: str) -> Any:
    """Change the precision of floating-point numbers, and of nothing else."""
    floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(dtype) if floating else value
