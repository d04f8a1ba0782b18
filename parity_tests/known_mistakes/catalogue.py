"""All known mistakes, and which of them each pair has: those whose lines it has.

So a pair that is written from the same steps has its known mistakes from the start.
"""

import re
from fnmatch import fnmatch
from functools import cache

from parity_tests.catalogue import PATHS
from parity_tests.known_mistakes.activations import ACTIVATIONS
from parity_tests.known_mistakes.attention import ATTENTION
from parity_tests.known_mistakes.blocked import BLOCKED
from parity_tests.known_mistakes.blocks import BLOCKS
from parity_tests.known_mistakes.build import files_of
from parity_tests.known_mistakes.byte_pairs import BYTE_PAIRS
from parity_tests.known_mistakes.clipping import CLIPPING
from parity_tests.known_mistakes.data import DATA
from parity_tests.known_mistakes.differential import DIFFERENTIAL
from parity_tests.known_mistakes.gated import GATED
from parity_tests.known_mistakes.generation import GENERATION
from parity_tests.known_mistakes.gpt import GPT
from parity_tests.known_mistakes.gradients import GRADIENTS
from parity_tests.known_mistakes.latent import LATENT
from parity_tests.known_mistakes.linear import LINEAR
from parity_tests.known_mistakes.llama import LLAMA
from parity_tests.known_mistakes.losses import LOSSES
from parity_tests.known_mistakes.masks import MASKS
from parity_tests.known_mistakes.mistake import Entry, Mistake
from parity_tests.known_mistakes.norms import NORMS
from parity_tests.known_mistakes.optimizers import OPTIMIZERS
from parity_tests.known_mistakes.patch import fits, source_of
from parity_tests.known_mistakes.positions import POSITIONS
from parity_tests.known_mistakes.query_key_norm import QUERY_KEY_NORM
from parity_tests.known_mistakes.reading import read_entries
from parity_tests.known_mistakes.schedules import SCHEDULES
from parity_tests.known_mistakes.scores import SCORES
from parity_tests.known_mistakes.short_convolution import SHORT_CONVOLUTION
from parity_tests.known_mistakes.sparse import SPARSE
from parity_tests.known_mistakes.tokenizers import TOKENIZERS
from parity_tests.sources.panels import subject

ALL = (
    TOKENIZERS,
    BYTE_PAIRS,
    DATA,
    ATTENTION,
    GRADIENTS,
    MASKS,
    NORMS,
    SCORES,
    POSITIONS,
    QUERY_KEY_NORM,
    LINEAR,
    BLOCKED,
    GATED,
    DIFFERENTIAL,
    SHORT_CONVOLUTION,
    LATENT,
    LLAMA,
    ACTIVATIONS,
    BLOCKS,
    LOSSES,
    SPARSE,
    CLIPPING,
    SCHEDULES,
    OPTIMIZERS,
    GPT,
    GENERATION,
)
LINEAR_LAYER = re.compile(
    r"= Linear\([^()]*\)"
)  # as a class makes one, with its arguments
ENTRIES = read_entries("".join(ALL))


def mistakes_of(pair: object) -> tuple[Mistake, ...]:
    """Return the known mistakes of a pair, given as itself or as its path."""
    return mistakes_at(str(pair))


@cache
def mistakes_at(path: str) -> tuple[Mistake, ...]:
    """Find every mistake that can be made in the files of a pair."""
    return tuple(made for entry in ENTRIES for made in mistakes_in(entry, path))


def mistakes_in(entry: Entry, path: str) -> list[Mistake]:
    """Make a mistake in a pair, by the first patch that fits, in the nearest file."""
    about = entry.title, entry.story, entry.seen_in
    return [
        Mistake(entry.id, path, file, *about, patch.edits, patch.caught_by)
        for patch in entry.patches
        if fnmatch(path, patch.only) and not ("bias" in entry.id and lacks_bias(path))
        for file in files_of(path)
        if fits(file, patch.edits) and is_run(patch.edits[0].step, file, path)
    ][:1]


@cache
def lacks_bias(path: str) -> bool:
    """Whether a pair has linear layers, and none of them a bias to be forgotten."""
    own = [each for each in files_of(path) if is_run("", each, path)]
    layers = [line for each in own for line in LINEAR_LAYER.findall(source_of(each))]
    return bool(layers) and all("bias=False" in line for line in layers)


def is_run(step: str, file: str, path: str) -> bool:
    """Whether a pair runs a step of a file: it is its own, or it names it.

    Of another pair that is imported for its checks alone, no step is run.
    """
    other_pair = file.removesuffix(".py")
    if step.endswith("_backward"):
        name = step
    elif other_pair in PATHS:
        name = subject(other_pair)
    else:
        return True
    others = [other for other in files_of(path) if other != file]
    return other_pair == path or any(name in source_of(other) for other in others)


def all_mistakes() -> tuple[Mistake, ...]:
    """Return the known mistakes of all pairs, in reading order."""
    return tuple(mistake for path in PATHS for mistake in mistakes_of(path))
