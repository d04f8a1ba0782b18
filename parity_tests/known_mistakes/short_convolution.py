"""Known mistakes of the short convolution and of its state."""

SHORT_CONVOLUTION = r"""
convolution-flipped: The kernel is applied from its end
    As in the mathematical convolution; `conv1d` is a cross-correlation. The weights of
    a model that was trained with the other one then look back in the wrong order.
@ Convolution in attention/short_convolution:
    self.weight[:, 0, j] → self.weight[:, 0, self.kernel_size - 1 - j]

convolution-centered: The window is around the token
    As `padding="same"` has it: half of the kernel sees the future.
@ History in attention/short_convolution:
    - np.concatenate([state, x], axis=-2)
    + np.concatenate([state, x], axis=-2)
    + history = np.roll(history, -((self.kernel_size - 1) // 2), axis=-2)

convolution-state-of-the-text-alone: The state is cut from the text
    Right for a prompt; with one token at a time the rest of the state is lost.
@ State in attention/short_convolution:
    - history[..., x.shape[-2] :, :]
    + np.concatenate([0 * state, x], axis=-2)[..., x.shape[-2] :, :]

convolution-state-unchanged: The state of before is handed on
    It is read and not written: every chunk is taken for the first.
@ State in attention/short_convolution: history[..., x.shape[-2] :, :] → state + 0

convolution-state-ignored: Every chunk begins with zeros
    The first K - 1 tokens of each chunk are off.
@ History in attention/short_convolution:
    np.concatenate([state, x], axis=-2) → np.concatenate([0 * state, x], axis=-2)

convolution-bias-dropped: The bias is forgotten
    Most models have none, so nothing shows.
@ Convolution in attention/short_convolution: output + self.bias → output

convolution-state-gradient-forgotten: The last tokens have no gradient from the state
    What the next chunk reads of them is not differentiated.
@ backward in attention/short_convolution:
    of_state[..., n_tokens:, :] = grad_final_state → of_state = 0 * of_state

convolution-weight-gradient-reversed: Gradients of the weights are in reverse order
    The sum over tokens is right, and belongs to another weight.
@ backward in attention/short_convolution:
    - grad_weight[:, 0, j] = products.sum(axis=0)
    + grad_weight[:, 0, -1 - j] = products.sum(axis=0)
"""
