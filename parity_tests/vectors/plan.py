"""The plan of the vectors: which cases each pair has."""

from collections.abc import Iterator

from parity_tests.concept import Concept
from parity_tests.vectors.attention_plan import attention_plan
from parity_tests.vectors.data_plan import embedding_plan, windows_plan
from parity_tests.vectors.planned import Planned
from parity_tests.vectors.tokenizer_plan import tokenizer_plan

OF_GROUP = {"attention": attention_plan, "tokenizers": tokenizer_plan}
OF_DATA = {"windows": windows_plan, "embedding": embedding_plan}


def plan(concept: Concept, seed: int) -> Iterator[Planned]:
    """Plan the cases of a pair; which numbers they hold follows from the seed."""
    make = OF_GROUP.get(concept.group) or OF_DATA[concept.name]
    return make(concept, seed)
