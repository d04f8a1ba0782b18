"""Batches of a text: the same for every backend, and each a function of its number.

So the position in the data is one integer, and a run goes on from any of them.
"""

import numpy as np

from diptych.training.recipe import Recipe
from diptych.training.state import Array, Batch
from reference.data.windows import SlidingWindows


class Batches:
    """Windows of a text that do not overlap, shuffled anew in every epoch.

    >>> recipe = Recipe(vocab_size=9, context_length=2, batch_size=2)
    >>> batches = Batches(np.arange(9), recipe)
    >>> len(batches), [sorted(batches[n][0][:, 0].tolist()) for n in (0, 1)]
    (2, [[0, 4], [2, 6]])

    Raises:
        ValueError: the text has too few tokens for one batch.
    """

    def __init__(self, ids: Array, recipe: Recipe):
        length = recipe.context_length
        self.ids, self.recipe = ids, recipe
        self.windows = SlidingWindows(ids, length, stride=length)
        if len(self) == 0:
            needed = recipe.batch_size * length + 1
            raise ValueError(
                f"a text must have {needed} tokens or more, got {len(ids)}"
            )

    def __len__(self) -> int:
        """Count the batches of an epoch; windows that fill none are left out of it."""
        return len(self.windows) // self.recipe.batch_size

    def __getitem__(self, number: int) -> Batch:
        """Return inputs and targets of a batch; numbers go on through all epochs."""
        epoch, index = divmod(number, len(self))
        rng = np.random.default_rng([self.recipe.seed, epoch])
        order = rng.permutation(len(self.windows))
        size = self.recipe.batch_size
        picked = order[index * size : (index + 1) * size]
        return self.windows.inputs[picked], self.windows.targets[picked]
