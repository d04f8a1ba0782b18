"""What a vector holds: all that goes into a case, every step, and what comes out."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from parity_tests.attention.cases import unchecked
from parity_tests.backward import reference_backward
from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.copying import copy_of
from parity_tests.recording import Recording, record
from parity_tests.vectors.planned import Planned
from parity_tests.vectors.tokenizers import is_gpt2, kept, learned, pieces

Tree = dict[str, Any]

ROUNDS_LIKE = {"highest": "scores", "raised": "weights"}  # where softmax is spelled out


def contents(concept: Concept, planned: Planned) -> Tree:
    """Run a case on the reference, and gather all there is to say of it."""
    case = planned.case
    with unchecked():
        came_out = outcome(concept, case, planned.with_steps)
    return {
        "name": planned.name,
        "flags": [*planned.flags],
        "comment": planned.comment,
        "config": dict(case.config),
        "training": case.training,
        "seed": case.seed,
        "inputs": dict(case.inputs),
        "weights": dict(case.weights),
        **came_out,
    }


def case_of(vector: Tree) -> Case:
    """Read the case of a vector back."""
    parts = ("config", "inputs", "weights", "training", "seed")
    return Case(**{part: vector[part] for part in parts})


def outcome(concept: Concept, case: Case, with_steps: bool) -> Tree:
    """Say what the reference makes of a case: output and steps, or a refusal."""
    result, taken = run_reference(concept, case, with_steps)
    if isinstance(result, Exception):
        return {"refused": refusal(result)}
    held = yardsticks(concept, case)
    said: Tree = {"output": output_of(concept, case, result)}
    said["yardsticks"] = {"output": held.get("result", 0.0)}
    if concept.group == "tokenizers":
        said["output"] |= pieces(concept.reference, case)
        said["tokenizer"] = learned(concept, case)
    if with_steps:
        said["steps"] = taken
        said["yardsticks"]["steps"] = of_names(held, taken)
    if concept.has_gradients:
        said["gradients"] = back = gradients(concept, case)
        held = concept.gradient_yardsticks(case, back["of_output"])
        said["yardsticks"]["gradient_steps"] = of_names(held, back["steps"])
        said["yardsticks"]["gradients"] = {
            name: held.get(name, 0.0) for name in back["of"]
        }
    return said


def run_reference(
    concept: Concept, case: Case, with_steps: bool
) -> tuple[Any, list[Tree]]:
    """Run the reference, and record its steps if they are wanted."""
    call = partial(attempt, concept.run_reference, kept(concept.reference, case), case)
    if not with_steps:
        return call(), []
    run = record("reference", call)
    return run.result, steps(run)


def attempt(run: Any, class_: Any, case: Case) -> Any:
    """Run a case on one side; return what came out, or the exception."""
    try:
        return run(class_, case)
    except (ValueError, TypeError, LookupError) as error:
        return error


def refusal(error: Exception) -> Tree:
    """Say a refusal as a type and a sentence."""
    return {"type": type(error).__name__, "says": str(error.args[0])}


def steps(run: Recording) -> list[Tree]:
    """List every step in order of time; a loop gives one entry a pass."""
    taken = []
    for call, invocation in enumerate(run.invocations, start=1):
        passes: Counter[str] = Counter()
        for snapshot in invocation.snapshots:
            number = snapshot.step.number
            passes[number] += 1
            step = {
                "function": invocation.function,
                "call": call,
                "step": number,
                "pass": passes[number],
                "values": copied(snapshot.values),
            }
            taken.append((snapshot.moment, step))
    return [step for _, step in sorted(taken, key=lambda each: each[0])]


def copied(values: Mapping[str, Any]) -> Tree:
    """Copy values in order of their names; what is derived goes by `self`."""
    return {name: copy_of(values[name]) for name in sorted(values)}


def gradients(concept: Concept, case: Case) -> Tree:
    """Run the reference backwards from a drawn gradient of the output."""
    grad_output, run = reference_backward(concept, case)
    return {"of_output": grad_output, "steps": steps(run), "of": dict(run.result)}


def yardsticks(concept: Concept, case: Case) -> Mapping[str, float]:
    """Give the honest rounding error of each quantity, softmax's own included."""
    known = concept.yardsticks(case)
    spelled_out = {
        name: known[like] for name, like in ROUNDS_LIKE.items() if like in known
    }
    return {**spelled_out, **known}


def of_names(held: Mapping[str, float], steps: list[Tree]) -> Tree:
    """Keep those that a step stores; what has none must be equal."""
    stored = {name for step in steps for name in step["values"]}
    return {name: float(held[name]) for name in sorted(stored & held.keys())}


def output_of(concept: Concept, case: Case, result: Any) -> Tree:
    """Name what came out, on either side."""
    if concept.group == "tokenizers":
        ids, text, state = result
        named = {"ids": ids, "text": text}
        return named if is_gpt2(case) else {**named, "state": dict(state)}
    if isinstance(result, list):
        return dict(zip(("inputs", "targets", "length"), result[:3], strict=True))
    return {"result": result}
