"""What a person sees while a benchmark runs, and the curves when it is done.

Bars go to standard error, and only to a terminal. They are drawn when the benchmark says so,
between two turns, not by a thread of their own that would take time from what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Bars(Progress):
    """One bar for each part of a benchmark."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
            auto_refresh=False,
        )

    def part(self, name: str, total: float) -> Callable[..., None]:
        """Begin a part; give the function to tell how far it is, and a note."""
        task = self.add_task(name, total=total, note="")
        self.refresh()

        def tell(done: float, note: str = "") -> None:
            self.update(task, completed=done, note=note)
            self.refresh()

        return tell


def draw(curves: Mapping[str, list[tuple[float, float]]], target: float, path: Path) -> None:
    """Draw loss against seconds.

    Parameters
    ----------
    curves
        Seconds and losses by name.
    target
        The loss to reach, a dotted line.
    path
        The file, of a kind that its suffix names.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, curve in curves.items():
        axes.plot(*zip(*curve, strict=True), label=name)
    axes.axhline(target, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="seconds", ylabel="loss", yscale="log")
    axes.legend()
    figure.savefig(path)
    plt.close(figure)
