"""Known mistakes of recurrent attention: its state, its decays and its corrections."""

LINEAR = r"""
truncate-recurrent-state: A recurrent state is cut as a cache is
    The length is set back, and the state still has the tokens that were taken back.
    Seen in ml-explore/mlx-lm#1109
@ truncate in attention/linear:
    - if length != self.length:
    -     rule = f"a recurrent state of {self.length} tokens cannot be cut"
    -     raise ValueError(f"{rule}, got {length}")
    + self.length = length
    caught by property: a state cannot be cut

state-read-before-write: A token reads the state before it has written
    It then does not see itself, and the first token sees nothing.
@ Read in attention/linear:
    rows @ states[..., 1:, :, :] → rows @ states[..., :-1, :, :]
    rows @ normalizers[..., 1:, :, :] → rows @ normalizers[..., :-1, :, :]

feature-map-relu: The feature map is relu(x) + 1
    Equal above 0; below, all keys weigh the same.
@ feature_map in attention/linear: np.exp(np.minimum(x, 0)) → np.ones_like(x)

feature-map-of-keys-alone: Queries go without the feature map
    Their features may then be negative, and a sum of weights near 0.
@ Feature map in attention/linear: feature_map(queries) → queries

normalizer-not-carried: The normalizer begins anew with every chunk
    The state is handed on and the normalizer is not: right for a text in one piece.
@ Recurrence in attention/linear:
    columns = normalizer[..., None], → columns = 0 * normalizer[..., None],

normalizer-of-the-end: Every token divides by the sum at the end of the text
    A mean over tokens that are still to come: the future is seen through its weights.
@ Read in attention/linear:
    normalizers[..., 1:, :, :] → normalizers[..., -1:, :, :]

normalizer-gradient-forgotten: The sum of the weights is taken for a constant
    The numerators have a gradient, the denominators none.
@ backward in attention/linear:
    -products.sum(axis=-1, keepdims=True) → 0 * products.sum(axis=-1, keepdims=True)

later-reads-forgotten: What is written gets its gradient from its own token alone
    It stays in the state: every later token reads it as well.
@ backward in attention/linear:
    - grad_writes, grad_state = later_sums(grad_final_state, grad_states)
    + grad_writes, grad_state = later_sums(grad_final_state, grad_states)
    + grad_writes = grad_states

decays-not-exponentiated: The logarithm of a decay is taken for the decay
    Kernels take g or exp(g), and an argument that is called decay may be either.
@ Decays in attention/decayed_linear: np.exp(log_decays) → log_decays

decay-after-write: The token's own write decays with the rest
    a (S + k vᵀ) for a S + k vᵀ: all weights are too small by the decay of the reader.
@ Recurrence in attention/decayed_linear:
    - writes = keys[..., None] * values[..., None, :]
    + writes = decays[..., None, None] * keys[..., None] * values[..., None, :]

decay-shifted-by-one: Each token decays by the next one's decay
    The sum of logarithms begins at the token that wrote, and ends before the reader.
@ Recurrence in attention/decayed_linear:
    decays[..., None]) → np.roll(decays, -1, axis=-1)[..., None])

decay-of-the-first-token-skipped: The state that comes in does not decay at once
    Right for a text that begins here, and wrong for each chunk that follows another.
@ Recurrence in attention/decayed_linear:
    - states = decayed_sums(state, writes, decays[..., None])
    + later = np.arange(decays.shape[-1]) > 0
    + states = decayed_sums(state, writes, np.where(later, decays, 1)[..., None])

decay-cumprod-overflow: Decays between tokens are quotients of running products
    exp(G_t) / exp(G_s): with strong decays both are 0, and 0 / 0 is NaN. The logarithm
    has to be subtracted, or summed, before exp.
@ Read in attention/decayed_linear:
    - context = (rows @ states[..., 1:, :, :])[..., 0, :]
    + since = np.cumprod(decays, axis=-1)[..., None]
    + own = np.tril(rows[..., 0, :] * since @ (keys / since).mT) @ values
    + context = own + (rows[..., 0, :] * since) @ state
    caught by property: with decays near zero a token sees itself alone

delta-adds: The value is written without what the key already reads
    Linear attention with β as a gate: a key that comes again adds, and never replaces.
@ Corrections in attention/*delta: betas[..., None] * errors → betas[..., None] * values

delta-beta-on-value-alone: β multiplies the value, and not what is read
    What is under the key is taken away whole, and a share of the value written.
@ errors_of in attention/*delta:
    - error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    - state = state + key[..., None] * (beta * error)[..., None, :]
    + error = beta * values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + state = state + key[..., None] * error[..., None, :]
& Corrections:
    betas[..., None] * errors → errors

delta-read-before-write: A query reads the state before its own token has written
    The token then does not see itself; of the first there is nothing to read.
@ Read in attention/*delta:
    rows @ states[..., 1:, :, :] → rows @ states[..., :-1, :, :]

delta-error-gradient-forgotten: Keys have no gradient from what they have read
    A key stands in the write and in the error; only the write is differentiated.
@ backward in attention/*delta: of_write - of_error → of_write

delta-state-gradient-plain: Earlier states get the gradient as if nothing were replaced
    The share that a key takes out of the state is missing: S is taken for S - β k kᵀ S.
@ backward in attention/*delta: grad_reads - of_reads → grad_reads

gdn-error-before-decay: The error is that of the state before it has faded
    v - S_(t-1)ᵀ k for v - a S_(t-1)ᵀ k. Off by 0.24 in one case.
    Seen in fla-org/flash-linear-attention#885
@ errors_of in attention/gated_delta:
    - state = decays[..., t, None, None] * state
    - error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + state = decays[..., t, None, None] * state
@ errors_of in attention/kimi_delta:
    - state = decays[..., t, :, None] * state
    - error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + state = decays[..., t, :, None] * state

gdn-plain-output-mask: Decays are in the triangular system and not in the output's mask
    The paper prints that mask without them; whoever takes it as it is, is off by 4.4.
    Seen in NVlabs/GatedDeltaNet#13
@ Read in attention/gated_delta:
    - context = (rows @ states[..., 1:, :, :])[..., 0, :]
    + weights = np.tril(rows[..., 0, :] @ keys.mT)
    + since_start = np.cumprod(decays, axis=-1)[..., None]
    + context = since_start * (rows[..., 0, :] @ state) + weights @ corrections

gdn-both-decayed: The state has faded, and the error lets it fade once more
    Decays are put into the system and into the keys that read the state.
@ errors_of in attention/gated_delta:
    - error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
    + faded = decays[..., t, None, None] * state
    + error = values[..., t, :] - (key[..., None, :] @ faded)[..., 0, :]

gdn-write-decayed: The state fades after the token has written
    a (S + β k eᵀ): what is new fades with what is old.
@ State in attention/gated_delta:
    - writes = keys[..., None] * corrections[..., None, :]
    + writes = decays[..., None, None] * keys[..., None] * corrections[..., None, :]

kda-one-decay-a-head: Every channel fades by the decay of the first
    With equal decays it is the gated delta rule, and nothing shows.
@ Decays in attention/kimi_delta:
    np.exp(log_decays) → np.exp(0 * log_decays + log_decays[..., :1])

kda-decay-gradient-summed: The gradient of a decay is summed over its channels
    As for one decay a head, from which the code was copied.
@ backward in attention/kimi_delta:
    - grad_decays = of_decays.sum(axis=-1)
    + grad_decays = 0 * saved.decays + of_decays.sum(axis=(-2, -1))[..., None]
"""
