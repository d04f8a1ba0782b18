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

    name: str
    comment: str
    flags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    leading: tuple[int, ...] = ()
    n_tokens: int = 3
    pattern: str = "normal"
    scale: float = 1.0
    dtype: str = "float64"
    training: bool = False
    extra: int = 0


SKETCHES = (
    Sketch("small", "All sizes differ, so that a swapped axis shows."),
    Sketch(
        "single-precision", "What goes in as float32 comes out so.", dtype="float32"
    ),
    Sketch("batch", "Texts do not see each other.", ("LeadingAxes",), leading=(2,)),
    Sketch(
        "two-leading-axes",
        "Any number of axes may stand in front of tokens and channels.",
        ("LeadingAxes",),
        leading=(2, 3),
    ),
    Sketch(
        "one-token",
        "A single score has the attention weight 1: the output is the value.",
        ("EdgeCase",),
        n_tokens=1,
    ),
    Sketch(
        "empty-text",
        "No token goes in and none comes out: a maximum of nothing must not fail.",
        ("EdgeCase", "EmptyText"),
        n_tokens=0,
    ),
    Sketch(
        "empty-batch",
        "A batch of no texts is a batch.",
        ("EdgeCase", "EmptyBatch", "LeadingAxes"),
        leading=(0,),
    ),
    Sketch(
        "zeros",
        "All scores are 0, so all attention weights of a row are equal.",
        ("EdgeCase", "Ties"),
        scale=0.0,
    ),
    Sketch(
        "equal-tokens",
        "All tokens are the same, so the scores of a row tie and are not 0.",
        ("Ties",),
        pattern="ones",
    ),
    Sketch(
        "one-hot",
        "Every token picks one row or column of a parameter: a transposed one shows.",
        pattern="one-hot",
    ),
    Sketch(
        "few-values",
        "Channels of -1, 0 and 1 tie in many scores, and their sums are exact.",
        ("Ties",),
        pattern="ties",
    ),
    Sketch(
        "large-scores",
        "Scores of thousands: exp overflows unless the maximum is subtracted first.",
        ("LargeScores",),
        scale=100.0,
    ),
    Sketch(
        "large-scores-single",
        "The same in float32, where exp overflows from 89 on.",
        ("LargeScores",),
        scale=30.0,
        dtype="float32",
    ),
    Sketch(
        "small-values",
        "An absolute tolerance of 1e-5 sees next to nothing here; rounding units do.",
        ("SmallValues",),
        scale=1e-4,
        dtype="float32",
    ),
    Sketch(
        "underflow",
        "Every score underflows to 0; the average of the values must not.",
        ("EdgeCase", "SmallValues"),
        scale=1e-30,
        dtype="float32",
    ),
    Sketch(
        "bias", "The projections have a bias.", ("Bias",), config={"qkv_bias": True}
    ),
    Sketch(
        "full-context",
        "As many tokens as the context has room for.",
        ("EdgeCase",),
        config={"context_length": 3},
    ),
    Sketch(
        "one-head",
        "With one head, splitting and joining heads changes nothing.",
        config={"num_heads": 1},
    ),
    Sketch(
        "narrow-heads",
        "Heads of one channel: the scale is 1, and joining them wrongly shows.",
        ("EdgeCase",),
        config={"num_heads": 3, "d_out": 3},
    ),
    Sketch(
        "one-channel",
        "One channel goes in.",
        ("EdgeCase",),
        config={"d_in": 1},
    ),
    Sketch(
        "dropout",
        "In training, attention weights where `keep` is True are scaled up.",
        ("Dropout",),
        config={"dropout": 0.5},
        leading=(2,),
        n_tokens=5,
        training=True,
    ),
    Sketch(
        "dropout-in-evaluation",
        "In evaluation dropout does nothing.",
        ("Dropout",),
        config={"dropout": 0.5},
    ),
    Sketch(
        "everything-dropped",
        "A dropout of 1 leaves zeros, and divides nothing by 0.",
        ("Dropout", "EdgeCase"),
        config={"dropout": 1.0},
        training=True,
    ),
    Sketch(
        "too-long",
        "A text longer than the context is rejected, not cut.",
        ("Rejected",),
        config={"context_length": 2},
    ),
    Sketch(
        "wrong-channels",
        "Tokens with more channels than the parameters take are rejected.",
        ("Rejected",),
        config={"d_in": 4},
        extra=1,
    ),
)


def attention_examples(path: str, **sizes: Any) -> Callable[[int], Iterator[Example]]:
    """Make every sketched case that the variant can have; `sizes` are its own."""

    def examples(seed: int) -> Iterator[Example]:
        takes = arguments_of(reference_part(path))
        for sketch in SKETCHES:
            if sketch.config.keys() <= takes:
                own_seed = zlib.crc32(f"{seed}/{path}/{sketch.name}".encode())
                case = filled(path, sketch, sizes, own_seed)
                yield Example(sketch.name, case, sketch.comment, sketch.flags)

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
