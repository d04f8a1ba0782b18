"""Named cases of attention, which the vectors hold: normal, edges, adversarial."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from parity_tests.contract.backend import arguments_of
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.patterns import numbers
from parity_tests.contract.strategies import accepted, parameters_of, reference_part

SIZES = {  # all different, so that a swapped axis shows
    "d_in": 4,
    "d_out": 6,
    "context_length": 5,
    "dropout": 0.0,
    "num_heads": 2,
    "qkv_bias": False,
}


@dataclass(frozen=True)
class Sketch:
    """A case for every variant that takes the arguments in `config`.

    Its `x` has `extra` channels too many.
    """

    flags: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    leading: tuple[int, ...] = ()
    n_tokens: int = 3
    pattern: str = "normal"
    scale: float = 1.0
    dtype: str = "float64"
    training: bool = False
    extra: int = 0


SKETCHES = {
    "small": Sketch(),
    "single-precision": Sketch(dtype="float32"),
    "batch": Sketch("LeadingAxes", leading=(2,)),
    "two-leading-axes": Sketch("LeadingAxes", leading=(2, 3)),
    "one-token": Sketch("EdgeCase", n_tokens=1),
    "empty-text": Sketch("EdgeCase EmptyText", n_tokens=0),
    "empty-batch": Sketch("EdgeCase EmptyBatch LeadingAxes", leading=(0,)),
    "zeros": Sketch("EdgeCase Ties", scale=0.0),
    "equal-tokens": Sketch("Ties", pattern="ones"),
    "one-hot": Sketch(pattern="one-hot"),
    "few-values": Sketch("Ties", pattern="ties"),
    "large-scores": Sketch("LargeScores", scale=100.0),
    "large-scores-single": Sketch("LargeScores", scale=30.0, dtype="float32"),
    "small-values": Sketch("SmallValues", scale=1e-4, dtype="float32"),
    "underflow": Sketch("EdgeCase SmallValues", scale=1e-30, dtype="float32"),
    "bias": Sketch("Bias", {"qkv_bias": True}),
    "full-context": Sketch("EdgeCase", {"context_length": 3}),
    "one-head": Sketch("", {"num_heads": 1}),
    "narrow-heads": Sketch("EdgeCase", {"num_heads": 3, "d_out": 3}),
    "one-channel": Sketch("EdgeCase", {"d_in": 1}),
    "dropout": Sketch("Dropout", {"dropout": 0.5}, (2,), n_tokens=5, training=True),
    "dropout-in-evaluation": Sketch("Dropout", {"dropout": 0.5}),
    "everything-dropped": Sketch("Dropout EdgeCase", {"dropout": 1.0}, training=True),
    "too-long": Sketch("Rejected", {"context_length": 2}),
    "wrong-channels": Sketch("Rejected", {"d_in": 4}, extra=1),
}
COMMENTS = {  # why a case is there
    "small": "All sizes differ, so that a swapped axis shows.",
    "single-precision": "What goes in as float32 comes out so.",
    "batch": "Texts do not see each other.",
    "two-leading-axes": "Any number of axes may stand in front of tokens and channels.",
    "one-token": "A single score has the attention weight 1: the output is the value.",
    "empty-text": "No token in and none out: a maximum of nothing must not fail.",
    "empty-batch": "A batch of no texts is a batch.",
    "zeros": "All scores are 0, so all attention weights of a row are equal.",
    "equal-tokens": "All tokens are the same: the scores of a row tie and are not 0.",
    "one-hot": "Every token picks a row of a parameter: a transposed one shows.",
    "few-values": "Channels of -1, 0 and 1 tie in many scores; their sums are exact.",
    "large-scores": "Scores of thousands: exp overflows unless the maximum goes first.",
    "large-scores-single": "The same in float32, where exp overflows from 89 on.",
    "small-values": "An absolute tolerance of 1e-5 sees little; rounding units do.",
    "underflow": "Every score underflows to 0; the average of the values must not.",
    "bias": "The projections have a bias.",
    "full-context": "As many tokens as the context has room for.",
    "one-head": "With one head, splitting and joining heads changes nothing.",
    "narrow-heads": "Heads of one channel: the scale is 1; joining them wrongly shows.",
    "one-channel": "One channel goes in.",
    "dropout": "In training, attention weights where `keep` is True are scaled up.",
    "dropout-in-evaluation": "In evaluation dropout does nothing.",
    "everything-dropped": "A dropout of 1 leaves zeros, and divides nothing by 0.",
    "too-long": "A text longer than the context is rejected, not cut.",
    "wrong-channels": "Tokens with more channels than the parameters are rejected.",
}


def attention_examples(path: str, **sizes: Any) -> Callable[[int], Iterator[Example]]:
    """Make every sketched case that the variant can have; `sizes` are its own."""

    def examples(seed: int) -> Iterator[Example]:
        takes = arguments_of(reference_part(path))
        for name, sketch in SKETCHES.items():
            if sketch.config.keys() <= takes:
                own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
                case = filled(path, sketch, sizes, own_seed)
                yield Example(name, case, COMMENTS[name], (*sketch.flags.split(),))

    return examples


def filled(path: str, sketch: Sketch, sizes: Mapping[str, Any], seed: int) -> Case:
    """Fill a sketch with numbers."""
    config = accepted(path, {**SIZES, **sizes, **sketch.config})
    d_in = config.get("d_in", SIZES["d_in"]) + sketch.extra
    shape = (*sketch.leading, sketch.n_tokens, d_in)
    x = sketch.scale * numbers(sketch.pattern, shape, seed)
    parameters = parameters_of(path, config, seed, sketch.dtype)
    inputs = {"x": x.astype(sketch.dtype)}
    return Case(config, inputs, parameters, sketch.training, seed)
