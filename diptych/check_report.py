"""Print what the comparison of pairs found: tables, and each difference in full."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from diptych.check import Checked
from diptych.printable import printable


def report(checked: list[Checked], console: Console | None = None) -> None:
    """Print tables of the outcomes, and each difference in full below them."""
    console = console or Console()
    forward = [each for each in checked if not each.gradients]
    backward = [each for each in checked if each.gradients]
    if forward:
        console.print(table_of(forward))
    if backward:
        console.print("\nGradients: written by hand, compared with autograd\n")
        console.print(table_of(backward))
    for each in checked:
        if each.reason:
            message = f"\n{each.path} could not be run: {each.reason}"
        elif each.difference:
            message = f"\n{each.difference}"
        else:
            continue
        console.print(printable(message), markup=False, soft_wrap=True)  # to be copied


def table_of(checked: list[Checked]) -> Table:
    """Lay out outcomes, one a row, below the folder of the pairs."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    for header in ("pair", "what was run"):
        table.add_column(header, no_wrap=True)
    for header in ("steps", "largest\ndifference", "error in\nrounding\nunits"):
        table.add_column(header, justify="right", no_wrap=True)
    for header in ("dtype", "verdict"):
        table.add_column(header, no_wrap=True)
    folder = ""
    for each in checked:
        above, _, name = each.path.rpartition("/")
        if above != folder:
            folder = above
            table.add_section()
            table.add_row(f"[bold]{folder}[/]")
        colour = "green" if each.verdict == "agrees" else "bold red"
        table.add_row(f" {name}", *numbers_of(each), f"[{colour}]{each.verdict}[/]")
    return table


def numbers_of(checked: Checked) -> list[str]:
    """Write what was run, and the numbers of the comparison, if there was one."""
    difference, error = checked.comparison.difference, checked.comparison.error
    if checked.reason:
        return [""] * 5
    return [
        checked.what,
        f"{checked.comparison.n_steps:,}",
        f"{difference:.1e}" if difference else "0",
        f"{error:.2f}" if error < 100 else f"{error:.0e}",
        checked.dtype,
    ]
