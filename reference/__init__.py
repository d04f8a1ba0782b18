"""NumPy: what each part of a language model is.

Axis key: `B` batch · `T` query time · `S` key/value time · `C` model channels in ·
`D` head channels · `H` query heads · `G` key/value heads · `E` channels out ·
`V` vocabulary · `R` merges · `N` tokens of a text · `K` windows of `L` tokens. `*B` is
any number of leading axes. Any other letter is a length of its own, within a function.
"""

from reference.attention.causal import CausalAttention
from reference.attention.multi_head import MultiHeadAttention
from reference.attention.multi_head_wrapper import MultiHeadAttentionWrapper
from reference.attention.self_attention_v1 import SelfAttentionV1
from reference.attention.self_attention_v2 import SelfAttentionV2
from reference.attention.simple import SimpleSelfAttention
from reference.data.embedding import TokenAndPositionEmbedding
from reference.data.windows import SlidingWindows
from reference.tape import NO_TAPE, Tape
from reference.tokenizers.byte_pair import BytePairTokenizer
from reference.tokenizers.character import CharacterTokenizer
from reference.tokenizers.parallel.byte_pair import ParallelBytePairTokenizer
from reference.tokenizers.word import WordTokenizer

__all__ = [
    "NO_TAPE",
    "BytePairTokenizer",
    "CausalAttention",
    "CharacterTokenizer",
    "MultiHeadAttention",
    "MultiHeadAttentionWrapper",
    "ParallelBytePairTokenizer",
    "SelfAttentionV1",
    "SelfAttentionV2",
    "SimpleSelfAttention",
    "SlidingWindows",
    "Tape",
    "TokenAndPositionEmbedding",
    "WordTokenizer",
]
