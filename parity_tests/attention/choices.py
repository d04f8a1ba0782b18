"""What a lightning indexer chooses, computed otherwise, and cases of clear choices.

Where two scores differ by less than rounding, honest backends choose differently. So a
case is tried with scores that are moved by far more: of what comes near a tie other
parameters are drawn, or another k. A tie that is exact stays: ReLU makes zeros.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F

from parity_tests.attention.changes import with_config, with_parameters
from parity_tests.attention.latents import heads_of, powers
from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.positions.rotary_cases import places_of

COARSE = 1e-2  # above the rounding of bfloat16
FINE = 2e-6  # above that of float32: in a long text many scores are close
N_RUNS = 4
N_DRAWS = 4
INDEXED = ("W_index_query.weight", "W_index_key.weight", "W_index_weights.weight")


def index_scores(case: Case, tolerance: float = 0.0, n_runs: int = 1) -> torch.Tensor:
    """Compute the paper's equation 1 in float64, several times.

    In all runs but the first, what is computed moves by a share of its size, as by a
    rounding that is as large as the tolerance.
    """
    state = {n: torch.from_numpy(a).double() for n, a in case.parameters.items()}
    rng, eps = torch.Generator().manual_seed(case.seed), case.config["eps"]

    def moved(value: torch.Tensor, size: torch.Tensor | None = None) -> torch.Tensor:
        size = value.abs().amax(-1, keepdim=True) if size is None else size
        noise = torch.rand(value.shape, generator=rng, dtype=value.dtype)
        factor = torch.arange(n_runs).clamp(max=1) * tolerance
        by_run = factor.reshape(n_runs, *[1] * (value.ndim - 1))
        return value + (2 * noise - 1) * size * by_run

    x = torch.from_numpy(case.inputs["x"]).double()
    x = x.expand(n_runs, *x.shape)
    gain = state["query_norm.weight"]
    latent = F.rms_norm(x @ state["W_query_down.weight"].T, gain.shape, gain, eps)
    of_query, of_key, of_weights = (state[f"indexer.{name}"] for name in INDEXED)
    gain, bias = (state[f"indexer.index_norm.{name}"] for name in ("weight", "bias"))
    key = moved(x @ of_key.T)
    spread = (key.var(-1, correction=0, keepdim=True) + eps).sqrt()
    key = (key - key.mean(-1, keepdim=True)) / spread * gain + bias
    by_head = with_config(case, num_heads=case.config["num_index_heads"])
    queries = turned_halves(case, heads_of(by_head, moved(latent @ of_query.T)))
    keys = turned_halves(case, key.unsqueeze(-3))
    queries, keys = moved(queries), moved(keys)
    products = moved(queries @ keys.mT, queries.abs() @ keys.abs().mT)
    weights = moved(x @ of_weights.T)
    return torch.einsum("...hts,...th->...ts", products.relu(), weights)


def turned_halves(case: Case, x: torch.Tensor) -> torch.Tensor:
    """Turn the first channels, in pairs of halves, as complex numbers."""
    width = case.config["rotary_dim"]
    angles = torch.from_numpy(places_of(case))[..., None, :, None] * powers(case)
    first, second, rest = x.split([width // 2, width // 2, x.shape[-1] - width], -1)
    turned = torch.complex(first, second) * torch.exp(1j * angles)
    return torch.cat([turned.real, turned.imag, rest], dim=-1)


def preference(scores: torch.Tensor) -> torch.Tensor:
    """Number the tokens of a row: the larger, the sooner it is chosen.

    Later tokens come last, and of equal scores the lowest position first.
    """
    n_tokens = scores.shape[-1]
    positions = torch.arange(n_tokens)
    later = positions > positions[:, None]
    masked = (scores + 0.0).masked_fill(later, -torch.inf)  # -0.0 is 0.0
    level = masked.unique(return_inverse=True)[1]
    return level * n_tokens - positions


def choice(case: Case) -> Array:
    """Return the mask of chosen tokens, by `torch.topk` of integers without a tie."""
    scores = index_scores(case)[0]
    n_tokens = scores.shape[-1]
    best = preference(scores).topk(min(case.config["top_k"], n_tokens)).indices
    mask = torch.zeros(scores.shape, dtype=torch.bool).scatter(-1, best, True)
    return mask.tril().numpy()


def clear_sizes(case: Case, tolerance: float, ties: bool) -> list[int]:
    """List each k, below the number of tokens, for which all runs choose the same."""
    scores = index_scores(case, tolerance, N_RUNS)
    if not ties:  # what is equal, is so in the first run alone
        size = scores.abs().amax(-1, keepdim=True) + 1
        noise = torch.rand(scores.shape, generator=torch.Generator().manual_seed(1))
        scores[1:] += (tolerance * size * noise)[1:]
    ranks = preference(scores).argsort(-1, descending=True).argsort(-1)
    positions = torch.arange(scores.shape[-1])
    ranks = torch.where(positions > positions[:, None], len(positions), ranks)
    chosen = [(k, ranks < k) for k in range(1, len(positions))]
    return [k for k, runs in chosen if bool((runs == runs[:1]).all())]


def redrawn(case: Case) -> Iterator[Case]:
    """Yield a case as it is, and with other parameters of the indexer."""
    yield case
    for draw in range(1, N_DRAWS):
        others = {
            f"indexer.{name}": numbers("normal", shape, case.seed + 1000 * draw + i)
            for i, name in enumerate(INDEXED)
            for shape in [case.parameters[f"indexer.{name}"].shape]
        }
        yield with_parameters(case, others)


def with_clear_choice(
    case: Case, tolerance: float = COARSE, ties: bool = True, both: bool = False
) -> Case:
    """Let a choice be clear: by other parameters of the indexer, or by another k.

    Of `both` it is that of the text and of the text taken from 1. Without `ties` no
    score is equal to another where one of them is chosen and the other is not.
    """
    x = case.inputs["x"]
    if x.size == 0 or x.shape[-1] != case.config["d_in"]:
        return case
    found = []
    for each in redrawn(case):
        sizes = set(clear_sizes(each, tolerance, ties))
        if both:
            other = each.with_inputs(x=1 - x)
            sizes &= {*clear_sizes(other, tolerance, ties)}
        if case.config["top_k"] in (*sizes, x.shape[-2]):
            return each
        found += [(k, each) for k in sizes]
    wanted = case.config["top_k"]
    best = min(found, key=lambda each: abs(each[0] - wanted), default=None)
    k, each = best or (x.shape[-2], case)
    return with_config(each, top_k=k)


def clear_examples(
    examples: Callable[[int], Iterator[Example]],
) -> Callable[[int], Iterator[Example]]:
    """Let the choices of named cases be clear."""

    def clear(seed: int) -> Iterator[Example]:
        for example in examples(seed):
            if example.name == "underflow":  # its choice is another in each precision
                continue
            yield replace(example, case=with_clear_choice(example.case))

    return clear


def clear_probes(
    probes: Callable[[int], Iterator[Probe]],
) -> Callable[[int], Iterator[Probe]]:
    """Let the choices of probes be clear in the precision that they have."""

    def clear(seed: int) -> Iterator[Probe]:
        for probe in probes(seed):
            case = with_clear_choice(probe.case, FINE)
            yield replace(probe, case=case, own_dtype=True)

    return clear
