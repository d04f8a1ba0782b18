"""Character tokenizer: its properties, rejections and oracles."""

from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.tokenizers import cases, properties, rejections
from parity_tests.tokenizers.curated_words import character_probes
from parity_tests.tokenizers.examples import character_examples
from parity_tests.tokenizers.oracles import CHAR_DATASET
from parity_tests.tokenizers.requests import TOKENIZERS, unicode_16
from parity_tests.tokenizers.tokenizer_tests import TokenizerTests
from parity_tests.tokenizers.typed import CHARACTER

PATH = "tokenizers/character"

PAIR = Pair(
    path=PATH,
    cases=cases.character_cases(),
    properties=(
        *properties.of_all(),
        properties.DECODES,
        properties.ENCODES,
        *properties.CHARACTERS,
    ),
    rejections=rejections.OF_CHARACTERS,
    oracles=(CHAR_DATASET,),
    on_text=cases.characters_on_text,
    examples=character_examples,
    probes=character_probes,
    typed=CHARACTER,
    conventions=(unicode_16(cases.character_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)


class TestCharacterTokenizer(TokenizerTests, PairTests):
    """All that is asked of every pair and of every tokenizer."""

    pair = PAIR
