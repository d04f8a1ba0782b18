"""Put a part of the reference, right or mistaken, in the place of someone's code."""

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from parity_tests.catalogue import load
from parity_tests.kit.against import functions, modules, tokenizers
from parity_tests.kit.against.stand_in import StandIn
from parity_tests.kit.running import is_module


def put_in_place(module: ModuleType, order: Mapping[str, Any]) -> None:
    """Let what a module calls `name` run a part: the reference's, or a mistaken one.

    A class is changed, so that whatever refers to it already has the change. A function
    is replaced.
    """
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
