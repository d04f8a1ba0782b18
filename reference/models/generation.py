"""Generation: a model's logits become the next token, and that becomes its input.

Source: Fan et al. 2018, https://arxiv.org/abs/1805.04833, for top-k;
        Holtzman et al. 2020, https://arxiv.org/abs/1904.09751, for top-p;
        Raschka, *Build a Large Language Model (From Scratch)*, chapters 4 and 5.
Twin:   torch_impl/models/generation.py
"""

import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from reference.module import check_sizes


def next_ids(
    logits: Float[np.ndarray, "B V"],
    draws: Float[np.ndarray, "B"] | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Integer[np.ndarray, "B"]:
    """Choose an id for each row of logits, by a uniform number in [0, 1) for each.

    The draws are handed over, so that both backends choose the same ids. Temperature 0
    is greedy: the largest logit, whatever is drawn. Of equal logits the lower id comes
    first. Differs from transformers, whose top-k keeps all that tie with the k-th.

    Top-p keeps the fewest ids that have p together: here 2 and 0, with 1/2 + 1/4. Of
    these, the first has 2/3.

    >>> logits = np.log([[0.25, 0.125, 0.5, 0.125]] * 3)
    >>> next_ids(logits, np.array([0.0, 0.66, 0.67]), temperature=1.0, top_p=0.7)
    array([2, 2, 0])

    Raises:
        ValueError: a choice is out of its range, or there is not a draw for each row.
    """
    check_choice(logits, draws, temperature, top_k, top_p)
    if draws is None or temperature == 0:
        return logits.argmax(axis=-1)
    # In 16 bits, sums of thousands of small probabilities would stand still.
    logits = logits.astype(np.promote_types(logits.dtype, np.float32), copy=False)

    # 1. Order: ids from the largest logit to the smallest; of equal ones the lower id.
    order = np.argsort(-logits, axis=-1, kind="stable")  # (B, V)

    # 2. Top-k: the first k stay.
    candidates = order[:, :top_k]  # (B, K)
    top_logits = np.take_along_axis(logits, candidates, axis=-1)  # (B, K)

    # 3. Temperature: the distance to the largest logit is divided by it.
    # Subtracting the largest changes no probability, and exp cannot overflow.
    scaled_logits = (top_logits - top_logits[:, :1]) / temperature  # (B, K)

    # 4. Softmax: probabilities, the largest first.
    ratios = np.exp(scaled_logits)  # (B, K)
    probabilities = ratios / ratios.sum(axis=-1, keepdims=True)  # (B, K)

    # 5. Top-p: an id stays if those before it have less than p together.
    # So the one that crosses p stays. For p = 1 all do: rounded sums reach 1 too soon.
    reach = math.inf if top_p is None or top_p == 1 else top_p
    before = probabilities.cumsum(axis=-1) - probabilities  # (B, K)
    nucleus = np.where(before < reach, probabilities, 0.0)  # (B, K)

    # 6. Choice: the first id up to which there is more than the draw's share of all.
    cumulative = nucleus.cumsum(axis=-1)  # (B, K)
    share = draws[:, None] * cumulative[:, -1:]  # (B, 1)
    place = (cumulative <= share).sum(axis=-1, keepdims=True)  # (B, 1)
    new_ids = np.take_along_axis(candidates, place, axis=-1)[:, 0]  # (B,)
    return new_ids


def generate(
    model: Callable[..., Float[np.ndarray, "B T V"]],
    ids: Integer[np.ndarray, "B T"],
    n_new: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    draws: Float[np.ndarray, "N B"] | None = None,
    caches: list[Any] | None = None,
) -> Iterator[Integer[np.ndarray, "B"]]:
    """Yield the ids of each new token of all texts, one token after another.

    `draws` has a row for each new token. With `caches`, as `model.make_caches` makes
    them, the model sees every token once. Without, it sees the whole text each time, or
    its last `model.context_length` tokens. Put it in evaluation first.

    >>> def count(ids):  # the next id is one more, up to 9
    ...     return np.eye(10)[(ids + 1) % 10]
    >>> [new.tolist() for new in generate(count, np.array([[3], [8]]), n_new=2)]
    [[4, 9], [5, 0]]

    Raises:
        ValueError: the texts have no token, or as in `next_ids`.
    """
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ValueError(f"ids must have shape (B, T), T > 0, got {ids.shape}")
    if draws is not None and draws.shape != (n_new, len(ids)):
        rule = f"draws must have shape {(n_new, len(ids))}"
        raise ValueError(f"{rule}, got {draws.shape}")
    longest = getattr(model, "context_length", None)
    window = slice(-longest, None) if longest and caches is None else slice(None)
    unseen = ids[:, window]
    for number in range(n_new):
        # 1. Logits: those of the last token of each text.
        all_logits = model(unseen) if caches is None else model(unseen, caches)
        logits = all_logits[:, -1]

        # 2. Choice: by the draws of this token.
        own_draws = None if draws is None else draws[number]
        new_ids = next_ids(logits, own_draws, temperature, top_k, top_p)
        yield new_ids

        # 3. Next input: the new tokens alone if there are caches, else all of the text.
        new_column = new_ids[:, None]
        text = new_column if caches is not None else np.hstack([unseen, new_column])
        unseen = text[:, window]


def margin(logits: Float[np.ndarray, "B V"]) -> Float[np.ndarray, "B"]:
    """Subtract the second largest logit from the largest; infinite if there is one.

    Where it is not above the rounding of the logits, a greedy choice is arbitrary.

    >>> margin(np.array([[1.0, 4.0, 3.5], [2.0, 2.0, 0.0]]))
    array([0.5, 0. ])
    """
    if logits.shape[-1] < 2:
        return np.full(len(logits), np.inf, logits.dtype)
    best_two = np.sort(logits, axis=-1)[:, -2:]
    return best_two[:, 1] - best_two[:, 0]


def check_choice(
    logits: Float[np.ndarray, "..."],
    draws: Float[np.ndarray, "..."] | None,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> None:
    """Check shapes and ranges of what an id is chosen by."""
    if logits.ndim != 2 or logits.shape[1] == 0:
        raise ValueError(f"logits must have shape (B, V), V > 0, got {logits.shape}")
    for name, number in (("temperature", temperature), ("top_p", top_p)):
        if number is not None and not isinstance(number, Real):
            raise TypeError(f"{name} must be a number, got {number!r}")
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature must be finite, 0 or more, got {temperature}")
    if top_k is not None:
        check_sizes(top_k=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be in (0, 1], got {top_p}")
    if temperature > 0 and draws is None:
        raise ValueError(f"draws are needed at temperature {temperature}, got None")
    if draws is not None and draws.shape != logits.shape[:1]:
        rule = f"draws must have shape {logits.shape[:1]}"
        raise ValueError(f"{rule}, got {draws.shape}")
    if draws is not None:
        outside = draws[~((draws >= 0) & (draws < 1))]
        if outside.size:
            raise ValueError(f"draws must lie in [0, 1), got {outside[0]}")
