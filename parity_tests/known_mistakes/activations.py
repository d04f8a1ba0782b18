"""Known mistakes in activations, and in what is built of them."""

ACTIVATIONS = r"""
gelu-erf-for-tanh: GELU itself where the model was trained with its approximation
    GPT-2 is `gelu_new`, and the default of most libraries is the other one. They are up
    to 0.0005 apart, which a text does not show.
@ Probability:
    - np.tanh(inner)
    + np.vectorize(math.erf, otypes=[x.dtype])(x / math.sqrt(2))

gelu-tanh-for-erf: The approximation where GELU itself is meant
    BERT was trained with erf. In many places the approximation came to stay, since it
    was once the faster one.
@ Error function:
    - erf_of_each(x / math.sqrt(2))
    + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))

gelu-by-sigmoid: x σ(1.702 x), the other approximation in the paper
    `quick_gelu`, with which CLIP was trained: up to 0.02 apart.
@ Probability: 0.5 * (1 + np.tanh(inner)) → 1 / (1 + np.exp(-1.702 * x))
@ Probability: 0.5 * (1 + erf) → 1 / (1 + np.exp(-1.702 * x))

gelu-wrong-coefficient: 0.044175 for 0.044715
    Two digits change places, and GELU hardly notices: not by 0.0015.
@ Polynomial: 0.044715 * x → 0.044175 * x

gelu-square-for-cube: x² for x³
    The polynomial is then not odd: below zero too much passes, and then all.
@ Polynomial: 0.044715 * x * x * x → 0.044715 * x * x

gelu-root-of-two-alone: √2 / π for √(2/π)
    A parenthesis in the wrong place.
@ Polynomial: math.sqrt(2 / math.pi) → math.sqrt(2) / math.pi

gelu-erf-of-x: erf(x) for erf(x / √2)
    The error function belongs to a normal distribution of variance one half.
@ Error function: x / math.sqrt(2) → x

gelu-not-halved: The half is forgotten
    What is large passes twice.
@ Probability: 0.5 * (1 + → (1 +

silu-is-sigmoid: The sigmoid alone
    The number that it should multiply is forgotten.
@ Output: x * sigmoid → sigmoid

silu-beta: σ(1.702 x) for σ(x)
    Swish has a factor β there, which is 1 in every model that calls it SiLU.
@ Sigmoid:
    exps = np.exp(-np.abs(x)) → exps = np.exp(-1.702 * np.abs(x))

silu-overflow: eˣ / (1 + eˣ) for every x
    A large number gives inf / inf, which is NaN.
@ Sigmoid:
    np.exp(-np.abs(x)) → np.exp(x)
    np.where(x >= 0, 1, exps) → exps

activation-is-relu: ReLU
    It is near for large numbers, and what is below zero gets no gradient any more.
@ Output: x * probability → np.maximum(x, 0)
@ Output: x * sigmoid → np.maximum(x, 0)

grad-activation-one-factor: Only the number is derived, not what it is multiplied by
    Half of the product rule: right far from zero.
@ gelu_tanh_backward: 0.5 * (1 + tanh) + grad_inner * slope → 0.5 * (1 + tanh)
@ gelu_backward: (probability + x * density) → probability
@ silu_backward: sigmoid * (1 + x * (1 - sigmoid)) → sigmoid

grad-activation-other-factor: Only what it is multiplied by is derived
    The other half of the product rule: nearly right nowhere.
@ gelu_tanh_backward: grad_output * 0.5 * (1 + tanh) + grad_inner → grad_inner
@ gelu_backward: (probability + x * density) → (x * density)
@ silu_backward: sigmoid * (1 + x * (1 - sigmoid)) → sigmoid * (x * (1 - sigmoid))

grad-gelu-cube: The slope of x³ is taken for x²
    The factor of 3 is forgotten, and little tells it.
@ gelu_tanh_backward: 3 * 0.044715 → 0.044715

grad-gelu-tanh-linear: The slope of tanh is taken for 1 - tanh
    The square is forgotten.
@ gelu_tanh_backward: (1 - tanh * tanh) → (1 - tanh)

grad-gelu-density: The density of a normal distribution of variance one half
    exp(-x²) for exp(-x² / 2), as the error function has it.
@ gelu_backward: np.exp(-0.5 * x * x) → np.exp(-x * x)

grad-silu-of-sigmoid: The slope of the sigmoid
    σ (1 - σ): what multiplies it is forgotten.
@ silu_backward: sigmoid * (1 + x * (1 - sigmoid)) → sigmoid * (1 - sigmoid)
"""
