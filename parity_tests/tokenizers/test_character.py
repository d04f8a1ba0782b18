"""Character tokenizer: its properties, rejections, oracles and values."""

from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.tokenizers import cases, properties, rejections
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
    typed=CHARACTER,
    conventions=(unicode_16(cases.character_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)


class TestCharacterTokenizer(TokenizerTests, PairTests):
    """All that is asked of every pair and of every tokenizer, and some values."""

    pair = PAIR

    def test_hello_has_the_ids_of_its_sorted_letters(self, backend):
        tokenizer = PAIR.part(backend).from_text("hello world")  # space d e h l o r w
        expected = [3, 2, 4, 4, 5, 0, 7, 5, 6, 4, 1]

        assert tokenizer.encode("hello world").tolist() == expected

    def test_unk_in_a_text_is_seven_characters(self, backend):
        tokenizer = PAIR.part(backend).from_text("<|unk|>", unknown=True)
        expected = [0, 5, 4, 3, 2, 5, 1]  # < > k n u |

        assert tokenizer.encode("<|unk|>").tolist() == expected
        assert tokenizer.decode([6, *expected]) == "<|unk|><|unk|>"
