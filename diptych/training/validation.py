"""What a checkpoint must hold: checks of its recipe and of its tensors."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import torch

from diptych.training.recipe import Recipe
from diptych.training.state import PARTS, Array
from torch_impl.models.gpt import GPT
from torch_impl.optimizers.schedules import learning_rate

MAY_BE_ZERO = {"warmup_steps", "seed", "floor", "weight_decay", "eps"}
Form = tuple[str, tuple[int, ...]]  # dtype and shape


def recipe_of(saved: Any, steps: int | None = None) -> Recipe:
    """Read a recipe; every number must be of the kind and in the range of its name."""
    names = {field.name for field in fields(Recipe)}
    if not isinstance(saved, dict) or {*saved} != names:
        raise ValueError(f"the recipe must have {sorted(names)}")
    recipe = Recipe(**saved | {"betas": tuple(saved["betas"])})
    for name in names:
        check_number(name, getattr(recipe, name), getattr(Recipe(), name))
    is_pair = [type(beta) for beta in recipe.betas] == [float, float]
    if not is_pair or not all(0 <= beta < 1 for beta in recipe.betas):
        raise ValueError(f"betas must be two numbers in [0, 1), got {recipe.betas}")
    if recipe.dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {recipe.dtype!r}")
    recipe = recipe if steps is None else replace(recipe, steps=steps)
    learning_rate(peak=recipe.peak, **recipe.rate(step=0))  # checks the schedule
    return recipe


def check_number(name: str, value: Any, like: Any) -> None:
    """Check that a value is of the type of the default, and in its range.

    >>> check_number("steps", 0, like=300)
    Traceback (most recent call last):
    ValueError: steps must be finite and above 0, got 0
    """
    if type(value) is not type(like):
        kind = type(like).__name__
        raise ValueError(f"{name} must be of type {kind}, got {value!r}")
    if type(value) in (int, float):
        at_least_zero = name in MAY_BE_ZERO and value == 0
        if not at_least_zero and not 0 < value < math.inf:
            rule = "0 or more" if name in MAY_BE_ZERO else "above 0"
            raise ValueError(f"{name} must be finite and {rule}, got {value}")


def integer(name: str, value: Any) -> int:
    """Check that a number counts something."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} must be an integer, 0 or more, got {value!r}")
    return value


def check_tensors(
    recipe: Recipe, position: int, backends: list[str], tensors: Mapping[str, Array]
) -> None:
    """Check that every tensor is there, and that nothing else is, by its form."""
    if not backends:
        raise ValueError("there is no backend in it")
    shapes = shapes_of(recipe, len(tensors))
    expected: dict[str, Form] = {}
    for backend in backends:
        expected[f"{backend}/losses"] = "float64", (position,)
        for part in PARTS:
            for name, shape in shapes.items():
                expected[f"{backend}/{part}/{name}"] = recipe.dtype, shape
    found = {name: (str(a.dtype), a.shape) for name, a in tensors.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            rule = f"{name} must be {written(expected.get(name))}"
            raise ValueError(f"{rule}, got {written(found.get(name))}")


def shapes_of(recipe: Recipe, n_tensors: int) -> dict[str, tuple[int, ...]]:
    """Compute the shapes of all parameters without memory for any.

    A file with few tensors cannot have many layers, which would take long to build.
    """
    if recipe.n_layers > n_tensors:
        raise ValueError(f"n_layers is {recipe.n_layers}, with {n_tensors} tensors")
    try:
        with torch.device("meta"):
            model = GPT(**recipe.model)
    except RuntimeError as error:  # sizes that do not fit into 64 bits
        raise ValueError(str(error).splitlines()[0]) from None
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def written(of: Form | None) -> str:
    """Write dtype and shape, or that there is none.

    >>> written(("float64", (2, 3)))
    'float64(2, 3)'
    """
    return "absent" if of is None else f"{of[0]}{of[1]}"
