"""What recurrent attention takes: a query, key and value a token, and a state.

Twin:   torch_impl/attention/recurrence.py
"""

import numpy as np

from reference.module import Array


def check_recurrence(
    queries: Array,
    keys: Array,
    values: Array,
    state: Array | None,
    betas: Array | None = None,
) -> None:
    """Check a query, key, value and beta for each token, and the state before them.

    >>> two = np.zeros((3, 2))
    >>> check_recurrence(two, two, two, state=np.zeros((3, 3)))
    Traceback (most recent call last):
    ValueError: state must have shape (2, 2), got (3, 3)
    """
    given = {"queries": queries, "keys": keys, "values": values}
    optional = {"state": state, "betas": betas}
    given |= {name: array for name, array in optional.items() if array is not None}
    for name, array in given.items():
        check_floats(name, array, queries)
    for name in ("queries", "values"):
        if given[name].ndim < 2:
            rule = f"{name} must have shape (…, T, channels)"
            raise ValueError(f"{rule}, got {given[name].shape}")
    *leading, n_tokens, dim = queries.shape
    width = values.shape[-1]
    check_shape("keys", keys, queries.shape)
    check_shape("values", values, (*leading, n_tokens, width))
    check_shape("state", state, (*leading, dim, width))
    check_shape("betas", betas, (*leading, n_tokens))


def check_floats(name: str, array: Array, queries: Array) -> None:
    """Check that an array holds floating-point numbers of the queries' dtype."""
    if not isinstance(array, np.ndarray):
        kind = type(array).__name__
        raise TypeError(f"{name} must be an array of this backend, got {kind}")
    if array.dtype.kind != "f" or array.dtype != queries.dtype:
        rule = "floating-point numbers, all of one dtype"
        raise TypeError(f"{name} must hold {rule}, got {array.dtype}")


def check_shape(name: str, array: Array | None, shape: tuple[int, ...]) -> None:
    """Check that an array, if it is given, has a shape."""
    if array is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
