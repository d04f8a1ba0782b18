"""What recurrent attention takes: a query, key and value a token, and a state.

Beside the checks, what its forms have in common that go chunk by chunk.

Twin:   reference/attention/recurrence.py
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def check_recurrence(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    state: Tensor | None,
    betas: Tensor | None = None,
) -> None:
    """Check a query, key, value and beta for each token, and the state before them.

    >>> two = torch.zeros(3, 2)
    >>> check_recurrence(two, two, two, state=torch.zeros(3, 3))
    Traceback (most recent call last):
    ValueError: state must have shape (2, 2), got (3, 3)
    """
    given = {"queries": queries, "keys": keys, "values": values}
    optional = {"state": state, "betas": betas}
    given |= {name: tensor for name, tensor in optional.items() if tensor is not None}
    for name, tensor in given.items():
        check_floats(name, tensor, queries)
    for name in ("queries", "values"):
        if given[name].ndim < 2:
            rule = f"{name} must have shape (…, T, channels)"
            raise ValueError(f"{rule}, got {tuple(given[name].shape)}")
    *leading, n_tokens, dim = queries.shape
    width = values.shape[-1]
    check_shape("keys", keys, tuple(queries.shape))
    check_shape("values", values, (*leading, n_tokens, width))
    check_shape("state", state, (*leading, dim, width))
    check_shape("betas", betas, (*leading, n_tokens))


def check_floats(name: str, tensor: Tensor, queries: Tensor) -> None:
    """Check that a tensor holds floating-point numbers of the queries' dtype."""
    if not isinstance(tensor, Tensor):
        kind = type(tensor).__name__
        raise TypeError(f"{name} must be an array of this backend, got {kind}")
    if not tensor.is_floating_point() or tensor.dtype != queries.dtype:
        rule = "floating-point numbers, all of one dtype"
        dtype = str(tensor.dtype).removeprefix("torch.")
        raise TypeError(f"{name} must hold {rule}, got {dtype}")


def check_shape(name: str, tensor: Tensor | None, shape: tuple[int, ...]) -> None:
    """Check that a tensor, if it is given, has a shape."""
    if tensor is not None and tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {tuple(tensor.shape)}")


def in_chunks(x: Float[Tensor, "*B T D"], chunk_size: int) -> Float[Tensor, "*B N L D"]:
    """Cut tokens into chunks, the last filled up with zeros; there is one at least.

    >>> in_chunks(torch.ones(3, 1), chunk_size=2).squeeze(-1)
    tensor([[1., 1.],
            [1., 0.]])
    """
    n_tokens = x.shape[-2]
    length = max(min(chunk_size, n_tokens), 1)
    n_chunks = max(-(-n_tokens // length), 1)
    n_missing = n_chunks * length - n_tokens
    return F.pad(x, (0, 0, 0, n_missing)).unflatten(-2, (n_chunks, length))


def each_chunk(*tensors: Float[Tensor, "*B N _ _"]) -> Iterator[tuple[Tensor, ...]]:
    """Yield what tensors have of each chunk, in turn.

    The gradients of `unbind` are put together once. The gradient of an index into all
    chunks is as long as the text, so for every chunk that would be its square.

    >>> [one.tolist() for one, in each_chunk(torch.eye(2).unsqueeze(-2))]
    [[[1.0, 0.0]], [[0.0, 1.0]]]
    """
    return zip(*(tensor.unbind(dim=-3) for tensor in tensors), strict=True)


def joined(chunks: Float[Tensor, "*B N L D"], n_tokens: int) -> Float[Tensor, "*B T D"]:
    """Put chunks behind each other again, without what they were filled up with.

    >>> joined(torch.ones(2, 2, 1), n_tokens=3).shape
    torch.Size([3, 1])
    """
    return chunks.flatten(-3, -2)[..., :n_tokens, :]


def solve_triangular(
    system: Float[Tensor, "*B L L"], right: Float[Tensor, "*B L E"]
) -> Float[Tensor, "*B L E"]:
    """Solve for x where row i is x_i + Σ_(j<i) system_ij x_j = right_i.

    PyTorch has no such call in half precision: those are solved in float32.

    >>> solve_triangular(torch.full((2, 2), 0.5), torch.ones(2, 1))
    tensor([[1.0000],
            [0.5000]])
    """
    wide = torch.promote_types(right.dtype, torch.float32)
    solved = torch.linalg.solve_triangular(
        system.to(wide), right.to(wide), upper=False, unitriangular=True
    )
    return solved.to(right.dtype)
