"""Known mistakes of gated attention."""

GATED = r"""
gate-chunked-over-width: Queries and gates are cut from the whole width
    In one projection each head has its query's rows and then its gate's. Cut in the
    middle, the queries get rows of gates. With one head nothing shows.
@ Projections in attention/gated:
    - gate_logits = self.W_gate(x, tape)
    + gate_logits = self.W_gate(x, tape)
    + if self.gate == "channel":
    +     in_heads = (*x.shape[:-1], self.num_heads, self.head_dim)
    +     both = [each.reshape(in_heads) for each in (queries, gate_logits)]
    +     width = 2 * queries.shape[-1]
    +     packed = np.concatenate(both, axis=-1).reshape(*x.shape[:-1], width)
    +     queries, gate_logits = np.split(packed, 2, axis=-1)

gate-forgotten: The gate is not used
    It is loaded, and shapes fit without it.
@ Output gate in attention/gated: head_context * gates → head_context * 1

gate-without-sigmoid: Context vectors are multiplied by the number itself
    The sigmoid is left out: negative numbers turn context vectors around.
@ Output gate in attention/gated: head_context * gates → head_context * head_logits

gate-swish: The gate is z σ(z)
    The activation of a gated feed-forward layer, where the sigmoid is meant.
@ Output gate in attention/gated: * gates → * gates * head_logits

gate-inverted: What should pass is held back
    1 - σ(z) = σ(-z): a gate that says how much is forgotten.
@ Output gate in attention/gated: * gates → * (1 - gates)

gate-of-another-head: Each head has the gate of another
    The heads are counted from the end.
@ Gate in attention/gated: .swapaxes(-3, -2) → .swapaxes(-3, -2)[..., ::-1, :, :]

gate-on-values: The gate is that of the token that is attended to
    Values are multiplied before they are averaged, so each token decides what others
    take from it. Of a single token nothing shows.
@ Output gate in attention/gated:
    head_context * gates → attn_weights @ (head_values * gates)

gate-after-projection: The gate comes behind the output projection
    Head h's gate then holds back channels that are sums over all heads.
@ Output gate in attention/gated: head_context * gates → head_context
& Output projection:
    - self.out_proj(context, tape)
    + self.out_proj(context, tape) * np.broadcast_to(
    +     gates, head_context.shape
    + ).swapaxes(-3, -2).reshape(context.shape)

gate-of-context: The gate is the sigmoid of the context vector
    As if what is attended to decided, and not the token that attends.
@ Output gate in attention/gated:
    head_context * gates → head_context / (1 + np.exp(-head_context))

gate-gradient-unsquashed: The slope of the sigmoid is g, not g (1 - g)
    Where gates are small nothing shows.
@ backward in attention/gated: saved.gates * (1 - saved.gates) → saved.gates

gate-gradient-of-one-channel: A gate of a head has the gradient of its last channel
    A sum over what shares the gate is missing.
@ backward in attention/gated:
    grad_gates.sum(axis=-1, keepdims=True) → grad_gates[..., -1:]
"""
