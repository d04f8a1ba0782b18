"""Known mistakes of variants that change the scores: the softcap and the sink."""

SCORES = r"""
softcap-after-mask: The cap comes after the mask
    tanh of -inf is -1: what is hidden gets the score -c, and some weight.
    ONNX has a test of its own for this.
@ Mask in attention/softcap:
    - np.where(may_attend, capped_scores, -np.inf)
    + self.cap * np.tanh(np.where(may_attend, attn_scores, -np.inf) / self.cap)

softcap-not-scaled-back: The cap is divided by, and not multiplied again
    All scores lie between -1 and 1, and every softmax is nearly even.
@ Softcap: self.cap * np.tanh( → np.tanh(

softcap-clipped: Scores are clipped at the cap
    Equal far below it; at the cap a clipped score has no gradient.
@ Softcap:
    - self.cap * np.tanh(attn_scores / self.cap)
    + attn_scores.clip(-self.cap, self.cap)

softcap-gradient-forgotten: The slope of the cap is missing in the backward pass
    Right for scores far below the cap, and for nothing else.
@ backward in attention/softcap: slope * grad_capped_scores → grad_capped_scores

sink-as-key-bias: The sink is a bias on the first key
    Another operation under the same name; what it takes goes to that key's value.
    Seen in vllm-project/vllm#49815
@ Sink in attention/sink:
    - all_scores = np.concatenate([masked_scores, sink_scores], axis=-1)
    + first = np.arange(masked_scores.shape[-1]) == 0
    + biased = masked_scores + np.where(first, sink_scores, 0)
    + hidden = np.full_like(sink_scores, -np.inf)
    + all_scores = np.concatenate([biased, hidden], axis=-1)

sink-scaled: The sink is scaled as the scores are
    It is learned as it is, and stands beside scaled scores.
@ Sink in attention/sink: self.sink[:, None, None] → scale * self.sink[:, None, None]

sink-weight-kept: Attention weights are divided by their own sum again
    Then they sum to one, and the sink is as good as none.
@ Softmax in attention/sink:
    all_weights[..., :-1]  # → softmax(masked_scores)  #

sink-of-another-head: Each head has the sink of another
    The heads are counted from the end.
@ Sink in attention/sink: self.sink[:, None, None] → self.sink[::-1, None, None]

sink-gradient-of-one-text: The sink gets its gradient from the first row alone
    A sum over the batch that is missing, or wrong: a test-suite stayed green with it.
    Seen in ROCm/rocm-libraries#10519
@ backward in attention/sink:
    - grad_sink = grad_sink_scores.sum(axis=(*batch, query, one))
    + by_text = grad_sink_scores.sum(axis=(query, one))
    + grad_sink = by_text.reshape(-1, self.num_heads)[0]
"""
