"""Windows, embeddings and primitives that are wrong at some size, and right ones."""

from typing import Any

import numpy as np

from parity_tests.kit.faults import right, wrong

WINDOWS, EMBEDDING, SOFTMAX = "data/windows", "data/embedding", "primitives/softmax"
LINEAR = "primitives/linear"
Array = np.ndarray[Any, Any]
Named = dict[str, Any]


def cut(ids: Array, starts: Any, size: int) -> Array:
    """Stack the inputs and the targets of the windows that begin at `starts`."""
    positions = np.asarray(starts, np.int64)[:, None] + np.arange(size)
    return np.stack([ids[positions], ids[positions + 1]])


def starts_of(ids: Array, config: Named) -> Array:
    """Return where windows begin."""
    last = max(len(ids) - config["max_length"], 0)
    return np.arange(0, last, config["stride"])


@right(WINDOWS)
def windows(inputs: Named, parameters: Named, config: Named) -> Array:
    """All is right."""
    ids = inputs["ids"]
    return cut(ids, starts_of(ids, config), config["max_length"])


@wrong(WINDOWS)
def without_exact_fit(inputs: Named, parameters: Named, config: Named) -> Array:
    """A window that fits exactly at the end is dropped."""
    ids, size = inputs["ids"], config["max_length"]
    starts = starts_of(ids, config)
    return cut(ids, starts[starts + size + 1 < len(ids)], size)


@wrong(WINDOWS)
def stops_a_stride_early(inputs: Named, parameters: Named, config: Named) -> Array:
    """The last window is dropped where a whole stride does not follow it."""
    ids, size = inputs["ids"], config["max_length"]
    starts = np.arange(0, max(len(ids) - size - config["stride"] + 1, 0), 1)
    return cut(ids, starts[:: config["stride"]], size)


@wrong(WINDOWS)
def windows_of_int16(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ids above 32,767 wrap around."""
    ids = inputs["ids"]
    found = cut(ids, starts_of(ids, config), config["max_length"])
    return found.astype(np.int16).astype(ids.dtype)


@wrong(WINDOWS)
def windows_of_int32(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ids that do not fit 32 bits wrap around."""
    ids = inputs["ids"]
    found = cut(ids, starts_of(ids, config), config["max_length"])
    return found.astype(np.int32).astype(ids.dtype)


@wrong(WINDOWS)
def windows_in_memory_order(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ids that are a view are read in the order of their memory."""
    ids = inputs["ids"]
    if ids.strides[0] < 0:
        ids = ids[::-1]
    return cut(ids, starts_of(inputs["ids"], config), config["max_length"])


@wrong(WINDOWS)
def of_first_thousand(inputs: Named, parameters: Named, config: Named) -> Array:
    """Tokens behind the first 1,024 are left out."""
    ids = inputs["ids"][:1024]
    return cut(ids, starts_of(ids, config), config["max_length"])


@wrong(WINDOWS)
def stride_at_most_length(inputs: Named, parameters: Named, config: Named) -> Array:
    """Strides longer than a window are cut to its length."""
    ids, size = inputs["ids"], config["max_length"]
    given = {"max_length": size, "stride": min(config["stride"], size)}
    return cut(ids, starts_of(ids, given), size)


def embedded(inputs: Named, parameters: Named) -> Array:
    """Add the vectors of tokens and positions."""
    ids, positions = inputs["ids"], parameters["position_embedding.weight"]
    tokens: Array = parameters["token_embedding.weight"][ids]
    return tokens + positions[: ids.shape[-1]]


@right(EMBEDDING, "leading_axes")
def embedding(inputs: Named, parameters: Named, config: Named) -> Array:
    """All is right."""
    return embedded(inputs, parameters)


@wrong(EMBEDDING, "leading_axes")
def sixteen_positions(inputs: Named, parameters: Named, config: Named) -> Array:
    """Positions begin anew after sixteen."""
    table = parameters["position_embedding.weight"]
    repeated = table[np.arange(len(table)) % 16]
    return embedded(inputs, {**parameters, "position_embedding.weight": repeated})


@wrong(EMBEDDING, "leading_axes")
def ids_of_int16(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ids above 32,767 wrap around."""
    ids = inputs["ids"].astype(np.int16)
    return embedded({"ids": ids % config["vocab_size"]}, parameters)


@wrong(EMBEDDING, "leading_axes")
def ids_of_bytes(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ids above 255 wrap around."""
    return embedded({"ids": inputs["ids"].astype(np.uint8)}, parameters)


@wrong(EMBEDDING, "leading_axes")
def wide_vectors_cut(inputs: Named, parameters: Named, config: Named) -> Array:
    """Channels behind the 64th stay zero."""
    vectors = embedded(inputs, parameters)
    vectors[..., 64:] = 0
    return vectors


@wrong(EMBEDDING, "leading_axes")
def last_position_of_full_context(
    inputs: Named, parameters: Named, config: Named
) -> Array:
    """Where the context is full, the last token has the position before it."""
    vectors, ids = embedded(inputs, parameters), inputs["ids"]
    positions = parameters["position_embedding.weight"]
    if ids.shape[-1] == config["context_length"] > 1 and ids.size:
        vectors[..., -1, :] += positions[-2] - positions[-1]
    return vectors


@wrong(LINEAR, "leading_axes")
def linear_in_tiles(inputs: Named, parameters: Named, config: Named) -> Array:
    """Channels behind the last whole tile of 32 are skipped by wider inputs."""
    x, weight = inputs["x"], parameters["weight"]
    if (width := x.shape[-1]) > 32:
        x, weight = (each[..., : width // 32 * 32] for each in (x, weight))
    product: Array = x @ weight.T
    return product + parameters["bias"] if "bias" in parameters else product


@wrong(SOFTMAX, "leading_axes")
def softmax_of_a_thousand(inputs: Named, parameters: Named, config: Named) -> Array:
    """Scores behind the first 1,024 have no weight."""
    scores = inputs["scores"].copy()
    scores[..., 1024:] = -np.inf
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    weights: Array = exps / exps.sum(axis=-1, keepdims=True)
    return weights
