"""The pages beside those of the pairs: known mistakes, a source file, an error."""

from diptych.reader.reading import Reading
from diptych.site.code import numbered_lines
from diptych.site.known_mistakes import known_mistakes, trials
from diptych.site.pages import environment


def mistakes_page(reading: Reading) -> str:
    """Render the known mistakes of a pair."""
    template = environment().get_template("known_mistakes.html")
    shown = known_mistakes(reading.path)
    return template.render(
        root="../" * reading.path.count("/"),
        reading=reading,
        mistakes=shown,
        n_seen=sum(bool(each.links) for each in shown),
        trials=trials(reading.path),
    )


def source_page(file: str, text: str, pairs: list[Reading]) -> str:
    """Render a whole source file."""
    template = environment().get_template("source.html")
    root = "../" * (file.count("/") + 1)
    lines = numbered_lines(text)
    return template.render(root=root, file=file, lines=lines, pairs=pairs)


def error_page(sentence: str) -> str:
    """Render a sentence that says what is wrong."""
    return environment().get_template("error.html").render(root="/", sentence=sentence)
