"""Known mistakes in feed-forward layers and in blocks."""

BLOCKS = r"""
feed-forward-linear: No activation between the two layers
    Two linear layers are one: the model has as many parameters, and cannot use them.
@ Activation: gelu_tanh(hidden) → hidden

feed-forward-activated-twice: The output passes the activation as well
    A list of layers, each with an activation, as in other networks.
@ Down projection in blocks/feed_forward:
    self.down_proj(activated, tape) → gelu_tanh(self.down_proj(activated, tape))

feed-forward-no-bias: The last layer has no bias
    Llama's layer, which has none, taken for GPT-2's.
@ Down projection in blocks/feed_forward:
    self.down_proj(activated, tape) → activated @ self.down_proj.weight.T

swiglu-gate-and-up-swapped: The activation is on what should be gated
    silu(up) * gate for silu(gate) * up. Both are projections of one size, so parameters
    load. A paper that writes W and V does not say which is which.
@ Activation: silu(gate) → silu(up)
& Gating: activated * up → activated * gate

swiglu-both-activated: Gates and hidden channels are both activated
    silu(gate) * silu(up): all that is below zero is nearly gone.
@ Gating: activated * up → activated * silu(up)

swiglu-up-for-gate: The gates are made of the hidden channels
    silu(up) * up. The projection to the gates is loaded and never used.
@ Activation: silu(gate) → silu(up)

swiglu-gate-by-sigmoid: GLU, whose gates are sigmoids
    The layer on which the paper improves.
@ Activation: silu(gate) → 1 / (1 + np.exp(-gate))

swiglu-by-gelu: GEGLU
    The same with GELU, as Gemma has it: up to 0.2 apart in every gate.
@ Activation:
    - silu(gate)
    + gate * 0.5 * (1 + np.tanh((2 / np.pi) ** 0.5 * (gate + 0.044715 * gate**3)))

swiglu-added: The gate is added where it should multiply
    silu(gate) + up: shapes fit, and the two projections are merely summed.
@ Gating: activated * up → activated + up

grad-swiglu-one-factor: Gates get no gradient
    Half of the product rule.
@ backward in blocks/swiglu: grad_hidden * saved.up → 0 * saved.up

grad-swiglu-gate-unactivated: Hidden channels get the gate before the activation
    Both were saved, and the wrong one was taken.
@ backward in blocks/swiglu: grad_hidden * saved.activated → grad_hidden * saved.gate

grad-swiglu-x-once: The input gets the gradient of one projection alone
    An assignment where a sum is meant.
@ backward in blocks/swiglu: grad_x = grad_x + self.gate_proj → self.gate_proj

grad-feed-forward-linear: The activation has no slope
    The gradient passes as if both layers were one.
@ backward in blocks/feed_forward:
    gelu_tanh_backward(grad_activated, saved.hidden) → grad_activated
@ backward in blocks/swiglu: silu_backward(grad_activated, saved.gate) → grad_activated

block-post-norm: Post-norm: the sum is normalized, not what attention gets
    As in the paper of 2017. With pre-norm parameters it runs, and what it writes is
    nearly right at first.
@ First norm: self.norm1(x, tape) → x
& First shortcut:
    - x + self.drop_shortcut(attended, tape)
    + self.norm1(x + self.drop_shortcut(attended, tape), tape)
& Second norm: self.norm2(after_attention, tape) → after_attention
& Second shortcut:
    - after_attention + self.drop_shortcut(transformed, tape)
    + self.norm2(after_attention + self.drop_shortcut(transformed, tape), tape)

block-shortcut-of-the-norm: The first shortcut begins after the norm
    `x = norm1(x)` writes over what the shortcut needs, and then x + attention(x).
@ First shortcut: = x + self. → = attention_input + self.

block-second-shortcut-of-the-norm: The second shortcut begins after the norm
    The same slip, in the second half.
@ Second shortcut: = after_attention + self. → = feed_forward_input + self.

block-first-shortcut-forgotten: Attention has no shortcut
    A block of which much is lost, and a gradient that has to pass every softmax.
@ First shortcut: = x + self. → = self.

block-second-shortcut-forgotten: Feed-forward has no shortcut
    The same in the second half.
@ Second shortcut: = after_attention + self. → = self.

block-second-shortcut-of-x: The second shortcut begins at x
    `shortcut = x` stands once at the top, and what attention added is lost but for
    feed-forward, which was given it.
@ Second shortcut: = after_attention + self. → = x + self.

block-parallel: Feed-forward gets x, not what attention gave
    The parallel block of GPT-J: both halves are given the same, and both are added.
@ Second norm: self.norm2(after_attention, tape) → self.norm2(x, tape)

block-no-first-norm: Attention gets x as it is
    The norm is loaded, and never called.
@ First norm: self.norm1(x, tape) → x

block-no-second-norm: Feed-forward gets the sum as it is
    The norm is loaded, and never called.
@ Second norm: self.norm2(after_attention, tape) → after_attention

block-one-norm-for-both: The first norm is used twice
    Fresh norms are equal, so a test with fresh parameters passes.
@ Second norm: self.norm2( → self.norm1(

block-norms-swapped: The norms change places
    Loaded in another order than that in which they are called.
@ First norm: self.norm1( → self.norm2(
& Second norm: self.norm2( → self.norm1(

block-shortcut-dropped: Dropout of the sum, not of what is added
    The shortcut is dropped as well, which a hundred blocks do not survive.
@ First shortcut:
    - x + self.drop_shortcut(attended, tape)
    + self.drop_shortcut(x + attended, tape)

block-dropout-once: No dropout after feed-forward
    The book's block has it in both halves.
@ Second shortcut: self.drop_shortcut(transformed, tape) → transformed

block-norm-eps: The eps of another library
    1e-6 for 1e-5: nothing shows, unless a token's channels are nearly equal.
@ __init__ in blocks/transformer_block:
    self.norm1 = LayerNorm(emb_dim) → self.norm1 = LayerNorm(emb_dim, 1e-6)
    self.norm2 = LayerNorm(emb_dim) → self.norm2 = LayerNorm(emb_dim, 1e-6)

block-narrow-hidden: Two hidden channels for each channel, not four
    Parameters of another shape, so that nothing can be loaded.
@ __init__ in blocks/transformer_block: 4 * emb_dim → 2 * emb_dim

grad-block-first-shortcut: The gradient of the first shortcut is forgotten
    x went two ways, and one of them is missing.
@ backward in blocks/transformer_block:
    grad_x = grad_x + grad_after_attention → grad_x = grad_x + 0

grad-block-second-shortcut: The gradient of the second shortcut is forgotten
    So nothing of the loss reaches what is before, but through feed-forward.
@ backward in blocks/transformer_block:
    grad_after_attention = grad_after_attention + grad_output → pass

grad-block-shortcut-of-output: The first shortcut passes the gradient of the output on
    Not the sum: what came by feed-forward is missing.
@ backward in blocks/transformer_block:
    grad_x = grad_x + grad_after_attention → grad_x = grad_x + grad_output
"""
