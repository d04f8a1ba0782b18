"""The pages beside those of the pairs: the museum, a source file, a refusal."""

from diptych.reader.reading import Reading
from diptych.site.code import numbered_lines
from diptych.site.museum import exhibits, trials
from diptych.site.pages import environment


def museum_page(reading: Reading) -> str:
    """Render the known mistakes of a pair."""
    template = environment().get_template("museum.html")
    return template.render(
        root="../" * reading.path.count("/"),
        name=reading.path.rpartition("/")[2],
        reading=reading,
        exhibits=exhibits(reading.path),
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
