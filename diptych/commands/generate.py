"""The command `diptych generate`: a model goes on with a text, as it is computed."""

from pathlib import Path
from typing import Annotated

import typer

from diptych.printable import printable

# Whatever imports torch is imported inside: that takes seconds, `--help` should not.


def generate(
    model: Annotated[
        str, typer.Argument(help="smollm2, gpt2, a .gguf file, or a folder.")
    ],
    prompt: Annotated[str, typer.Argument(help="The text to go on with.")],
    weights: Annotated[
        Path | None, typer.Option(help="A file of one's own: GGUF or safetensors.")
    ] = None,
    backend: Annotated[str, typer.Option(help="numpy, torch or both.")] = "torch",
    tokens: Annotated[int, typer.Option(min=1, help="How many tokens at most.")] = 40,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0 takes the most probable token.")
    ] = 0.0,
    top_k: Annotated[int | None, typer.Option(min=1)] = None,
    top_p: Annotated[float | None, typer.Option(min=0.0, max=1.0)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    chat: Annotated[
        bool, typer.Option("--chat", help="Put the prompt into the chat template.")
    ] = False,
) -> None:
    """Generate text with a real model, on either backend, or on both in step.

    With `--backend both` each token is chosen by both, and the exit status is 1 if they
    choose differently: the margin between the best two logits says how near a tie it
    was. The draws are handed over, so sampling gives the same text as well.
    """
    from diptych.weights.find import find_model
    from diptych.weights.generating import Generation, Sampling

    sampling = Sampling(tokens, temperature, top_k, top_p, seed)
    try:
        generation = Generation(find_model(model, weights), backend, dtype, sampling)
        for piece in generation.stream(prompt, chat):
            typer.echo(printable(piece), nl=False)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        typer.echo(printable(f"diptych: {error}"), err=True)
        raise typer.Exit(2) from None
    typer.echo("")
    typer.echo(printable(generation.summary()), err=True)
    raise typer.Exit(0 if generation.agrees else 1)
