"""Known mistakes in generation: how the next id is chosen, and what is given next."""

GENERATION = r"""
top-p-without-the-crossing-id: The id that crosses p is left out
    Ids stay while their sum is at most p. If the first has more than p, none is left.
@ Top-p in models/generation: before < reach → probabilities.cumsum(axis=-1) <= reach

top-p-reaches-and-one-more: An id stays although p is reached exactly
    At most p before it, for less than p.
@ Top-p in models/generation: before < reach → before <= reach

top-p-by-id: Top-p in the order of ids, not of probabilities
    The sum runs over the vocabulary as it is numbered: low ids stay, likely ones go.
@ Order in models/generation:
    - np.argsort(-logits, axis=-1, kind="stable")
    + np.zeros(logits.shape, int) + np.arange(logits.shape[-1])
& Temperature in models/generation:
    top_logits[:, :1] → top_logits.max(axis=-1, keepdims=True)

top-p-from-the-least-probable: Top-p begins at the least probable id
    An ascending sort whose mask is that of a descending one.
@ Top-p in models/generation:
    - probabilities.cumsum(axis=-1) - probabilities
    + 1 - probabilities.cumsum(axis=-1)

top-p-of-the-logits: Top-p is given logits, not probabilities
    A sum of scaled logits, which are below zero here: it never reaches p.
@ Top-p in models/generation: probabilities.cumsum( → scaled_logits.cumsum(

top-p-before-the-temperature: Top-p of the probabilities at temperature 1
    Filters first, then temperature. At a high temperature too few ids stay.
@ Top-p in models/generation:
    - before = probabilities.cumsum(axis=-1) - probabilities
    + plain = np.exp(scaled_logits * temperature)
    + plain = plain / plain.sum(axis=-1, keepdims=True)
    + before = plain.cumsum(axis=-1) - plain

top-p-not-renormalised: The draw is a share of 1, not of what is left
    The probabilities that stay sum to less than 1. Draws above that fall beyond all,
    and go to an id that was left out.
@ Choice in models/generation:
    * cumulative[:, -1:] → * 1.0
    place = (cumulative <= share) → place = (cumulative[:, :-1] <= share)

top-k-one-too-many: One id too many stays
    The rank is at most k, for less than k: top-k of 1 is not greedy.
@ Top-k in models/generation: order[:, :top_k] → order[:, : top_k and top_k + 1]

top-k-one-too-few: One id too few stays
    Ranks that count from 1.
@ Top-k in models/generation: order[:, :top_k] → order[:, : top_k and max(top_k - 1, 1)]

top-k-of-the-smallest: The least probable ids stay
    An ascending sort, of which the first k are taken.
@ Order in models/generation: np.argsort(-logits → np.argsort(logits
& Temperature in models/generation:
    top_logits[:, :1] → top_logits.max(axis=-1, keepdims=True)

temperature-after-softmax: Probabilities are divided, not logits
    And normalised again, so that nothing changes at any temperature.
@ Temperature in models/generation: / temperature → / 1.0

temperature-multiplied: Logits times the temperature
    A high temperature makes sharp what it should make flat.
@ Temperature in models/generation: / temperature → * temperature

temperature-squared: Temperature is applied twice
    Once by the caller or by the model's own scale, and once here.
@ Temperature in models/generation: / temperature → / temperature**2

choice-ties-higher-id: Of equal logits the higher id comes first
    Sorted ascending and turned around, which turns ties around as well.
@ Order in models/generation:
    - np.argsort(-logits, axis=-1, kind="stable")
    + np.argsort(logits, axis=-1, kind="stable")[:, ::-1]

choice-one-too-far: The id after the one whose turn it is
    An index that counts from 1, or a sum that begins with a zero.
@ Choice in models/generation:
    - place = (cumulative <= share).sum(axis=-1, keepdims=True)
    + place = (cumulative <= share).sum(axis=-1, keepdims=True)
    + place = np.minimum(place + 1, cumulative.shape[-1] - 1)

choice-of-the-rank: The rank is taken for the id
    The place in the sorted list is returned, and not what stands there.
@ Choice in models/generation:
    np.take_along_axis(candidates, place, axis=-1)[:, 0] → place[:, 0]

choice-boundary: A draw on the boundary of two ids belongs to the first
    At least the draw's share, for more than it. Draws lie in [0, 1), so each id has an
    interval with its lower end and without its upper one.
@ Choice in models/generation: (cumulative <= share) → (cumulative < share)

choice-one-draw-for-all: One draw for all texts of a batch
    Their texts then go on in step: equal prompts get equal answers.
@ Choice in models/generation: draws[:, None] → draws[:1, None]

generation-first-token: The logits of the first token
    Index 0 for -1: with one token at a time nothing shows.
@ Logits in models/generation: all_logits[:, -1] → all_logits[:, 0]
    caught by test: both backends generate the same text

generation-whole-text-into-the-caches: The whole text is given to the caches again
    Keys of the prompt stand there twice, at positions that they do not have.
@ Next input in models/generation:
    text = new_column if caches is not None else → text =
    caught by test: a text is the same with caches and without

generation-newest-token-alone: Without caches the model is given the newest token alone
    It has forgotten all that came before, and writes on.
@ Next input in models/generation:
    - text = new_column if caches is not None else np.hstack([unseen, new_column])
    + text = new_column
    caught by test: a text is the same with caches and without

generation-first-window: The text is cropped to its first tokens
    What is new is cut off as soon as the context is full: one token for ever.
@ generate: slice(-longest, None) → slice(None, longest)
    caught by test: a text beyond the context is told from its last tokens

generation-caches-not-passed: The caches are made and not passed on
    Only the newest token is given, without what was cached.
@ Logits in models/generation: else model(unseen, caches) → else model(unseen)
    caught by test: a text is the same with caches and without
"""
