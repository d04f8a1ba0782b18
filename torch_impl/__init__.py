"""PyTorch: how each part of a language model is built.

Axis key: `B` batch · `T` query time · `S` key/value time · `C` model channels ·
`H` query heads · `D` head channels · `E` value channels · `V` vocabulary ·
`N` tokens of one text. `*B` is any number of leading axes.
"""

from torch_impl.attention.causal import CausalAttention

__all__ = ["CausalAttention"]
