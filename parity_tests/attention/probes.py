"""What every check of attention tries beside the drawn cases, whatever the seed."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity_tests.attention.sizes import config_of, even_parameters, sized_cases
from parity_tests.attention.values import F4, valued_cases
from parity_tests.contract.case import Case
from parity_tests.contract.probe import Probe

NARROW = {"head_dim": 1, "num_heads": 1, "num_kv_heads": 1, "d_in": 1, "qkv_bias": True}
EMPTY = (("there is no token", (2, 0, 3)), ("there is no text", (0, 4, 3)))
ROOM = {"n_tokens": 4, "room": 1, "dropout": 0.0}


def attention_probes(path: str) -> Callable[[int], Iterator[Probe]]:
    """Make the probes of a variant: sizes, values, nothing, and exact gradients."""

    def probes(seed: int) -> Iterator[Probe]:
        own_seed = zlib.crc32(f"{seed}/{path}".encode())
        for cases in (sized_cases, valued_cases, empty_cases, exact_cases):
            of_values = cases in (valued_cases, exact_cases)
            for rule, case in cases(path, own_seed):
                yield Probe(rule, case, own_dtype=of_values)

    return probes


def empty_cases(path: str, seed: int) -> Iterator[tuple[str, Case]]:
    """Make a text without a token, and a batch without a text."""
    config = config_of(path, {**NARROW, **ROOM, "d_in": 3})
    parameters = even_parameters(path, config, seed)
    for rule, shape in EMPTY:
        yield rule, Case(config, {"x": np.zeros(shape)}, parameters, seed=seed)


def exact_cases(path: str, seed: int) -> Iterator[tuple[str, Case]]:
    """Make gradients in float32 that hardly cancel: an error of 1e-5 in one shows."""
    config = config_of(path, {**NARROW, **ROOM})
    for index, sign in enumerate((-1, 1, -1, 1, 0.3)):
        rng = np.random.default_rng([seed, index])

        def about(size: Any, shape: tuple[int, ...], rng: Any = rng) -> Any:
            return size * rng.uniform(0.7, 1.0, shape)

        parameters = {
            name: about(0.05 if "bias" in name else rng.choice((-1, 1)), array.shape)
            for name, array in even_parameters(path, config, seed).items()
        }
        x, grad_output = (
            about(np.array([[one], [other]]), (1, 2, 1))
            for one, other in ((1.0, -1.0), (float(sign), 1.0))
        )
        case = Case(config, {"x": x}, parameters, seed=seed, grad_output=grad_output)
        yield "one channel in float32, where 1e-5 of a gradient shows", case.astype(F4)
