"""PyTorch: how each part of a language model is built.

Axis key: `B` batch · `T` query time · `S` key/value time · `C` model channels in ·
`D` head channels · `H` query heads · `G` key/value heads · `E` channels out ·
`V` vocabulary · `R` merges · `N` tokens of a text · `K` windows of `L` tokens. `*B` is
any number of leading axes. Any other letter is a length of its own, within a function.
"""

# In reading order, as in reference/__init__.py.
from torch_impl.tokenizers.word import WordTokenizer as WordTokenizer
from torch_impl.tokenizers.character import CharacterTokenizer as CharacterTokenizer
from torch_impl.tokenizers.byte_pair import BytePairTokenizer as BytePairTokenizer
from torch_impl.tokenizers.parallel.byte_pair import (
    ParallelBytePairTokenizer as ParallelBytePairTokenizer,
)
from torch_impl.data.windows import SlidingWindows as SlidingWindows
from torch_impl.data.embedding import (
    TokenAndPositionEmbedding as TokenAndPositionEmbedding,
)
from torch_impl.attention.simple import SimpleSelfAttention as SimpleSelfAttention
from torch_impl.attention.self_attention_v1 import SelfAttentionV1 as SelfAttentionV1
from torch_impl.attention.self_attention_v2 import SelfAttentionV2 as SelfAttentionV2
from torch_impl.attention.causal import CausalAttention as CausalAttention
from torch_impl.attention.multi_head_wrapper import (
    MultiHeadAttentionWrapper as MultiHeadAttentionWrapper,
)
from torch_impl.attention.multi_head import MultiHeadAttention as MultiHeadAttention
from torch_impl.attention.grouped_query import (
    GroupedQueryAttention as GroupedQueryAttention,
)
from torch_impl.attention.scaled_dot_product import (
    ScaledDotProductAttention as ScaledDotProductAttention,
)
from torch_impl.attention.masks import AttentionMask as AttentionMask
from torch_impl.attention.cross import CrossAttention as CrossAttention
from torch_impl.attention.cached import (
    CachedAttention as CachedAttention,
    KeyValueCache as KeyValueCache,
)
from torch_impl.attention.sliding_window import (
    RingCache as RingCache,
    SlidingWindowAttention as SlidingWindowAttention,
)
from torch_impl.attention.softcap import SoftcappedAttention as SoftcappedAttention
from torch_impl.attention.sink import SinkAttention as SinkAttention
from torch_impl.norms.rms_norm import RMSNorm as RMSNorm
from torch_impl.norms.layer_norm import LayerNorm as LayerNorm
from torch_impl.positions.sinusoidal import SinusoidalEncoding as SinusoidalEncoding
from torch_impl.positions.rotary import RotaryEmbedding as RotaryEmbedding
from torch_impl.positions.rotary_scaling import RotaryScaling as RotaryScaling
from torch_impl.positions.alibi import LinearBiasAttention as LinearBiasAttention
from torch_impl.positions.relative_bias import (
    RelativeBiasAttention as RelativeBiasAttention,
)
from torch_impl.attention.query_key_norm import (
    QueryKeyNormAttention as QueryKeyNormAttention,
)
from torch_impl.attention.linear import (
    LinearAttention as LinearAttention,
    RecurrentState as RecurrentState,
)
from torch_impl.attention.blocked import BlockedAttention as BlockedAttention
from torch_impl.attention.gated import GatedAttention as GatedAttention
from torch_impl.attention.decayed_linear import (
    DecayedLinearAttention as DecayedLinearAttention,
)
from torch_impl.attention.delta import DeltaRuleAttention as DeltaRuleAttention
from torch_impl.attention.gated_delta import GatedDeltaAttention as GatedDeltaAttention
from torch_impl.attention.kimi_delta import KimiDeltaAttention as KimiDeltaAttention
from torch_impl.attention.differential import (
    DifferentialAttention as DifferentialAttention,
)
from torch_impl.attention.short_convolution import ShortConvolution as ShortConvolution
from torch_impl.attention.latent import LatentAttention as LatentAttention
from torch_impl.attention.latent_absorbed import (
    AbsorbedLatentAttention as AbsorbedLatentAttention,
)
from torch_impl.attention.sparse import (
    LightningIndexer as LightningIndexer,
    SparseAttention as SparseAttention,
)
from torch_impl.attention.llama import LlamaAttention as LlamaAttention
from torch_impl.blocks.feed_forward import FeedForward as FeedForward
from torch_impl.blocks.swiglu import SwiGLU as SwiGLU
from torch_impl.blocks.transformer_block import TransformerBlock as TransformerBlock
from torch_impl.blocks.llama_block import LlamaBlock as LlamaBlock
from torch_impl.losses.cross_entropy import cross_entropy as cross_entropy
from torch_impl.optimizers.clip import clip_gradients as clip_gradients
from torch_impl.optimizers.schedules import learning_rate as learning_rate
from torch_impl.optimizers.sgd import sgd_step as sgd_step
from torch_impl.optimizers.adamw import (
    AdamW as AdamW,
    adamw_step as adamw_step,
    decay_groups as decay_groups,
)
from torch_impl.models.llama import Llama as Llama
from torch_impl.models.gpt import GPT as GPT, GPT_CONFIG_124M as GPT_CONFIG_124M
from torch_impl.models.generation import (
    next_ids as next_ids,
    generate as generate,
    margin as margin,
)
