"""What took part in a picture, for whoever wants the same one again."""

from __future__ import annotations

import platform
from importlib.metadata import version

from workflows.engine.threads import available_cpus


def versions() -> dict[str, str]:
    """Return what a repetition of this picture would need."""
    tensorflow = "tensorflow-cpu" if _installed("tensorflow-cpu") else "tensorflow"
    names = ("numpy", "scipy", "pillow", tensorflow)
    return {
        **{name: _installed(name) or "unknown" for name in names},
        "python": platform.python_version(),
        "machine": platform.machine(),
        # Sums are made in another order by another number of threads.
        "threads": str(available_cpus()),
    }


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except ModuleNotFoundError:
        return None
