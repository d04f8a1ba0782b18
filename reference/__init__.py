"""NumPy: what each part of a language model is.

Axis key: `B` batch · `T` query time · `S` key/value time · `C` model channels in ·
`D` head channels · `H` query heads · `G` key/value heads · `E` channels out ·
`V` vocabulary · `R` merges · `N` tokens of a text · `K` windows of `L` tokens. `*B` is
any number of leading axes. Any other letter is a length of its own, within a function.
"""

# In reading order, which is that of all lists and pages: parity_tests/catalogue.py
# reads it here.
from reference.tape import NO_TAPE as NO_TAPE, Tape as Tape
from reference.tokenizers.word import WordTokenizer as WordTokenizer
from reference.tokenizers.character import CharacterTokenizer as CharacterTokenizer
from reference.tokenizers.byte_pair import BytePairTokenizer as BytePairTokenizer
from reference.tokenizers.parallel.byte_pair import (
    ParallelBytePairTokenizer as ParallelBytePairTokenizer,
)
from reference.data.windows import SlidingWindows as SlidingWindows
from reference.data.embedding import (
    TokenAndPositionEmbedding as TokenAndPositionEmbedding,
)
from reference.primitives.linear import Linear as Linear
from reference.primitives.softmax import softmax as softmax
from reference.primitives.dropout import Dropout as Dropout
from reference.primitives.embedding import Embedding as Embedding
from reference.primitives.split_heads import split_heads as split_heads
from reference.primitives.join_heads import join_heads as join_heads
from reference.primitives.gelu_tanh import gelu_tanh as gelu_tanh
from reference.primitives.gelu import gelu as gelu
from reference.primitives.silu import silu as silu
from reference.attention.simple import SimpleSelfAttention as SimpleSelfAttention
from reference.attention.self_attention_v1 import SelfAttentionV1 as SelfAttentionV1
from reference.attention.self_attention_v2 import SelfAttentionV2 as SelfAttentionV2
from reference.attention.causal import CausalAttention as CausalAttention
from reference.attention.multi_head_wrapper import (
    MultiHeadAttentionWrapper as MultiHeadAttentionWrapper,
)
from reference.attention.multi_head import MultiHeadAttention as MultiHeadAttention
from reference.attention.grouped_query import (
    GroupedQueryAttention as GroupedQueryAttention,
)
from reference.attention.scaled_dot_product import (
    ScaledDotProductAttention as ScaledDotProductAttention,
)
from reference.attention.masks import AttentionMask as AttentionMask
from reference.attention.cross import CrossAttention as CrossAttention
from reference.attention.cached import (
    CachedAttention as CachedAttention,
    KeyValueCache as KeyValueCache,
)
from reference.attention.sliding_window import (
    RingCache as RingCache,
    SlidingWindowAttention as SlidingWindowAttention,
)
from reference.attention.softcap import SoftcappedAttention as SoftcappedAttention
from reference.attention.sink import SinkAttention as SinkAttention
from reference.norms.rms_norm import RMSNorm as RMSNorm
from reference.norms.layer_norm import LayerNorm as LayerNorm
from reference.positions.sinusoidal import SinusoidalEncoding as SinusoidalEncoding
from reference.positions.rotary import RotaryEmbedding as RotaryEmbedding
from reference.positions.rotary_scaling import RotaryScaling as RotaryScaling
from reference.positions.alibi import LinearBiasAttention as LinearBiasAttention
from reference.positions.relative_bias import (
    RelativeBiasAttention as RelativeBiasAttention,
)
from reference.attention.query_key_norm import (
    QueryKeyNormAttention as QueryKeyNormAttention,
)
from reference.attention.linear import (
    LinearAttention as LinearAttention,
    RecurrentState as RecurrentState,
)
from reference.attention.blocked import BlockedAttention as BlockedAttention
from reference.attention.gated import GatedAttention as GatedAttention
from reference.attention.decayed_linear import (
    DecayedLinearAttention as DecayedLinearAttention,
)
from reference.attention.delta import DeltaRuleAttention as DeltaRuleAttention
from reference.attention.gated_delta import GatedDeltaAttention as GatedDeltaAttention
from reference.attention.kimi_delta import KimiDeltaAttention as KimiDeltaAttention
from reference.attention.differential import (
    DifferentialAttention as DifferentialAttention,
)
from reference.attention.short_convolution import ShortConvolution as ShortConvolution
from reference.attention.latent import LatentAttention as LatentAttention
from reference.attention.latent_absorbed import (
    AbsorbedLatentAttention as AbsorbedLatentAttention,
)
from reference.attention.sparse import (
    LightningIndexer as LightningIndexer,
    SparseAttention as SparseAttention,
)
from reference.attention.llama import LlamaAttention as LlamaAttention
from reference.blocks.feed_forward import FeedForward as FeedForward
from reference.blocks.swiglu import SwiGLU as SwiGLU
from reference.blocks.transformer_block import TransformerBlock as TransformerBlock
from reference.blocks.llama_block import LlamaBlock as LlamaBlock
from reference.losses.cross_entropy import cross_entropy as cross_entropy
from reference.optimizers.clip import clip_gradients as clip_gradients
from reference.optimizers.schedules import learning_rate as learning_rate
from reference.optimizers.sgd import sgd_step as sgd_step
from reference.optimizers.adamw import (
    AdamW as AdamW,
    adamw_step as adamw_step,
    decay_groups as decay_groups,
)
from reference.models.llama import Llama as Llama
from reference.models.gpt import GPT as GPT, GPT_CONFIG_124M as GPT_CONFIG_124M
from reference.models.generation import (
    next_ids as next_ids,
    generate as generate,
    margin as margin,
)
