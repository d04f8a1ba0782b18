"""Arrays whose every result is moved by about half a rounding.

The same code, run on such arrays, shows how far its results may be off when it is
evaluated in another honest way. Each operation moves its result by what it could have
rounded: a product or a quotient by half a rounding of itself, a sum (and a matrix
product) by half a rounding of the sizes of its terms, since they may cancel and their
rounding does not, and since they may be added in any order.

Two equivalent evaluations are not reached by that. The backward pass of softmax takes
a sum of products with numbers that are sums themselves, Σ w dw with dw = Σ dO V. It may
be computed as Σ dO O instead, as FlashAttention does: another rounding of the same
terms. So a sum of such products is moved by the sizes of *their* terms.

And a softmax may be computed as exp(s - lse), where lse is the logarithm of the sum of
exponentials. The rounding of lse is that of a number as large as the scores, and it
moves a whole row. So a sum of exp(a - b) is moved, as a whole, by half a rounding of b.
It moves by no more than the logarithm of the sum: that is all that lse adds to the
largest score, which is a floating-point number already. Where one score is far above
all others, nothing moves. In a backward pass the scores may be recomputed, and round
otherwise than those that lse was made of: there a row moves without this bound, by the
sizes of the terms of the scores.

Source: Parker 1997, "Monte Carlo Arithmetic: exploiting randomness in floating-point
        arithmetic".
"""

from typing import Any

import numpy as np

from parity_tests.rounding.sizes import (
    Array,
    Rounding,
    plain,
    row_noise,
    size_of_subtracted,
    sizes_of,
    terms_in,
    terms_of_maximum,
    terms_of_product,
)


class Moved(np.ndarray):
    """An array that moves each result by about half a rounding.

    >>> rounding = Rounding(unit=0.01, tiny=0.0, rng=np.random.default_rng(0))
    >>> three = np.array(3.0).view(Moved)
    >>> three.rounding = rounding
    >>> bool(0.14 < abs(three * 10 - 30) < 0.46)
    True
    """

    rounding: Rounding | None = None
    subtracted: Array | None = None  # the b of exp(a - b), until it is summed
    terms: Array | None = None  # the sizes of the terms of a sum, until it is summed

    def __array_finalize__(self, source: Any) -> None:
        """Let views and copies move as their source does."""
        self.rounding = getattr(source, "rounding", None)
        self.subtracted = None
        self.terms = None

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        """Run the operation on plain arrays, and move what comes out."""
        operands, out = [plain(each) for each in inputs], kwargs.pop("out", ())
        rounding = next(filter(None, map(rounding_of, (*inputs, *out))))
        result = getattr(ufunc, method)(*operands, **kwargs)
        if method == "at" or not is_floating(result):
            return result
        moved = np.asarray(result)
        sizes = sizes_of(ufunc, method, [*inputs], kwargs, moved)
        if sizes is not None:
            with np.errstate(invalid="ignore"):
                noise = rounding.noise(moved.shape) * sizes
                below = np.abs(moved) < rounding.tiny
                if np.count_nonzero(below) != np.count_nonzero(moved == 0):
                    below &= moved != 0
                    noise = np.where(below, np.sign(noise) * rounding.tiny, noise)
            moved = np.where(np.isfinite(moved), moved + noise, moved)
        if ufunc is np.add and method == "reduce":
            moved = moved * (1 + row_noise(inputs[0], rounding, kwargs))
        if out:
            plain(out[0])[...] = moved
            return out[0]
        marked = np.asarray(moved).view(Moved)
        marked.rounding = rounding
        if ufunc is np.subtract and method == "__call__":
            size = size_of_subtracted(inputs[1], rounding)
            marked.subtracted = np.broadcast_to(size, moved.shape)
        elif ufunc is np.exp:
            marked.subtracted = getattr(inputs[0], "subtracted", None)
        elif ufunc is np.matmul:
            marked.terms = sizes
        elif ufunc is np.multiply and method == "__call__":
            marked.terms = terms_of_product(*inputs)
        elif ufunc is np.maximum and method == "reduce":
            marked.terms = terms_of_maximum(terms_in(inputs[0]), kwargs)
        return marked

    def __array_function__(self, function: Any, types: Any, args: Any, kw: Any) -> Any:
        """Let what a function of NumPy makes of moved arrays be a moved array."""
        result = super().__array_function__(function, types, args, kw)
        if is_floating(result) and not isinstance(result, Moved):
            result = np.asarray(result).view(Moved)
        if isinstance(result, Moved) and result.rounding is None:
            result.rounding = self.rounding
        if function is np.where and terms_in(args[1]) is not None:
            result.terms = np.where(args[0], terms_in(args[1]), 0.0)
        return result


def moved(array: Array, rounding: Rounding) -> Array:
    """Move the numbers of an array, and let all that is computed from it move."""
    noise = rounding.noise(array.shape)
    marked = np.asarray(array * (1 + noise)).view(Moved)
    marked.rounding = rounding
    return marked


def rounding_of(value: Any) -> Rounding | None:
    """Return how an operand moves, if it does."""
    return getattr(value, "rounding", None)


def is_floating(value: Any) -> bool:
    """Whether a value holds floating-point numbers."""
    return isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f"
