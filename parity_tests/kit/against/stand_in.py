"""Let someone's class or function run a part in the reference's form."""

import inspect
import sys
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from parity_tests.catalogue import load
from parity_tests.contract.pair import Pair
from parity_tests.kit.against import hook
from parity_tests.kit.running import is_module


@dataclass(frozen=True)
class StandIn:
    """The part that is run in the place of someone's code, and where that is noted."""

    pair: Pair
    part: Any
    order: dict[str, Any]

    def note_run(self) -> None:
        """Note that it is run."""
        hook.note(self.order, hook.RUN)


def put_in_place(module: ModuleType, order: dict[str, Any]) -> None:
    """Let what a module calls `name` run a part: the reference's, or a mistaken one.

    A class is changed, so that whatever refers to it already has the change. A function
    is replaced.
    """
    from parity_tests.kit.against import functions, modules, tokenizers

    sys.path.append(order["workshop"])
    part = getattr(import_module(order["part_module"]), order["part_name"])
    stand_in = StandIn(load(order["pair"]), part, order)
    own = getattr(module, order["name"])
    if stand_in.pair.path.startswith("tokenizers/"):
        replaced = tokenizers.changed(own, stand_in)
    elif is_module(own):
        replaced = modules.changed(own, stand_in)
    elif inspect.isclass(own):
        raise TypeError(f"{order['name']} must be an nn.Module, or a function")
    else:
        replaced = functions.changed(own, stand_in)
    setattr(module, order["name"], replaced)
