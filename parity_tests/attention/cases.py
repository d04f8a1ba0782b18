"""Cases of attention: structure drawn, numbers seeded."""

import inspect
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jaxtyping
import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

import reference
from parity_tests.case import Case

PATTERNS = ("ones", "ramp", "ties", "one-hot", "normal")
SCALES = (1.0, 1e-3, 5.0, 30.0, 1e3)
LEADING = ((), (1,), (2,), (3,), (1, 2), (2, 3), (3, 1), (0,))

SMALL = {"d_in": 3, "d_out": 4, "context_length": 4, "dropout": 0.0, "num_heads": 2}
"""Arguments of every variant, where any will do."""


@st.composite
def attention_cases(draw: st.DrawFn, class_name: str, square: bool = False) -> Case:
    """Draw a configuration, an input and weights for one variant.

    `square` cases have as many channels going in as coming out.
    """
    variant = getattr(reference, class_name)
    config = draw(configurations(variant))
    if square:
        config["d_in"] = config["d_out"]
    n_tokens = draw(text_lengths(config.get("context_length", 6)))
    d_in = config.get("d_in", draw(st.integers(1, 6)))
    leading = draw(st.sampled_from(LEADING))
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    seed = draw(st.integers(0, 2**32 - 1))
    shape = (*leading, n_tokens, d_in)
    x = (scale * numbers(pattern, shape, seed)).astype(dtype)
    weights = {
        name: numbers("normal", weight_shape, seed + place + 1).astype(dtype)
        for place, (name, weight_shape) in enumerate(
            weight_shapes(class_name, config).items()
        )
    }
    return with_mask(Case(config, {"x": x}, weights, draw(st.booleans()), seed))


def text_lengths(context_length: int) -> st.SearchStrategy[int]:
    """Draw a number of tokens: all that fit, fewer, and now and then none."""
    shorter = (max(context_length - spare, 1) for spare in (1, 2, 3))
    return st.sampled_from((*[context_length] * 6, *shorter, 0))


def weight_shapes(
    class_name: str, config: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """Name the weights of a layer and their shapes, which both sides share."""
    with unchecked():
        state = getattr(reference, class_name)(**config).state_dict()
    return {name: array.shape for name, array in state.items()}


@contextmanager
def unchecked() -> Iterator[None]:
    """Run without the checks of shapes, which cost more than what they check.

    Where the two sides are compared step by step, they are on.
    """
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.jaxtyping_disable = True
    try:
        yield
    finally:
        jaxtyping.config.jaxtyping_disable = before


@st.composite
def configurations(draw: st.DrawFn, variant: type) -> dict[str, Any]:
    """Draw the constructor's arguments: small sizes, unequal more often than not."""
    small = st.integers(1, 6)
    num_heads, head_dim = draw(st.integers(1, 3)), draw(small)
    every = {
        "d_in": draw(small),
        "d_out": head_dim * (num_heads),
        "context_length": draw(small),
        "dropout": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        "num_heads": num_heads,
        "qkv_bias": draw(st.booleans()),
    }
    return accepted(variant, every)


def accepted(variant: type, arguments: dict[str, Any]) -> dict[str, Any]:
    """Keep the arguments that a constructor takes."""
    takes = arguments_of(variant)
    return {name: value for name, value in arguments.items() if name in takes}


@lru_cache(maxsize=64)
def arguments_of(variant: Any) -> frozenset[str]:
    """Name the arguments of a constructor."""
    return frozenset(inspect.signature(variant).parameters)


def seed_torch(seed: int) -> None:
    """Seed what PyTorch draws on the CPU; `torch.manual_seed` visits every device."""
    torch.default_generator.manual_seed(seed)


def with_mask(case: Case) -> Case:
    """Add the weights that torch's dropout will spare under the case's seed.

    On a CPU `F.dropout` of ones shows the mask that it draws for a tensor of the
    same shape. Heads that are modules of their own draw one after the other.
    """
    dropout = case.config.get("dropout", 0.0)
    if not case.training or dropout == 0:
        return case
    *leading, n_tokens, _ = case.inputs["x"].shape
    heads = (case.config["num_heads"],) if "num_heads" in case.config else ()
    apart = any(name.startswith("heads.") for name in case.weights)
    seed_torch(case.seed)
    if apart:
        one = torch.ones(*leading, n_tokens, n_tokens)
        mask = torch.stack([F.dropout(one, dropout) for _ in range(*heads)], dim=-3)
    else:
        mask = F.dropout(torch.ones(*leading, *heads, n_tokens, n_tokens), dropout)
    return replace(case, inputs={**case.inputs, "keep": (mask > 0).numpy()})


def numbers(pattern: str, shape: tuple[int, ...], seed: int) -> np.ndarray[Any, Any]:
    """Fill an array with a pattern, from the simplest to the richest."""
    rng = np.random.default_rng(seed)
    size = math.prod(shape)
    return {
        "ones": lambda: np.ones(shape),
        "ramp": lambda: np.linspace(-1, 1, size).reshape(shape),
        "ties": lambda: rng.integers(-1, 2, shape).astype(float),
        "one-hot": lambda: (
            (np.arange(size) % (shape[-1] + 1) == 0.0).astype(float).reshape(shape)
        ),
        "normal": lambda: rng.normal(size=shape),
    }[pattern]()


def run_reference(variant: type, case: Case) -> Any:
    """Build the NumPy side of a case and send the input through it."""
    takes_rng = "rng" in arguments_of(variant)
    rng = {"rng": np.random.default_rng(case.seed)} if takes_rng else {}
    module = variant(**case.config, **rng).to(case.inputs["x"].dtype.type)
    module.load_state_dict(case.weights)
    return module.train(case.training)(**case.inputs)


def run_torch(variant: type, case: Case) -> Any:
    """Build the PyTorch side of a case and send the input through it."""
    x = torch.from_numpy(case.inputs["x"])
    module = variant(**case.config).to(x.dtype)
    module.load_state_dict(
        {name: torch.from_numpy(array) for name, array in case.weights.items()}
    )
    seed_torch(case.seed)
    return module.train(case.training)(x)
