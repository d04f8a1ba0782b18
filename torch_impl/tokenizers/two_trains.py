"""The two meanings of `train`: a class learns from a text, an object changes its mode.

`train(mode)` and `eval()` of a model reach every module in it, its tokenizer too.
Source: https://docs.python.org/3/howto/descriptor.html, "Class methods".
Twin:   reference/tokenizers/two_trains.py
"""

from collections.abc import Callable
from typing import Any

from torch import nn


class TwoTrains:
    """`Class.train(…)` is the class method given; `object.train(mode)` any module's.

    >>> class Learner(nn.Module):
    ...     train = TwoTrains(classmethod(lambda cls, text: text.upper()))
    >>> Learner.train("a text")
    'A TEXT'
    >>> Learner().train(False).training
    False
    """

    def __init__(self, learn: "classmethod[Any, Any, Any]"):
        self.learn = learn

    def __get__(self, instance: nn.Module | None, owner: type) -> Callable[..., Any]:
        if instance is None:
            return self.learn.__get__(None, owner)
        return nn.Module.train.__get__(instance)
