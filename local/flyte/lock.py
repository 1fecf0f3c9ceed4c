"""One server per data directory."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class DataDirInUse(RuntimeError):
    """Another server uses the data directory."""


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold a data directory; the operating system lets go of it when the process ends.

    Raises
    ------
    DataDirInUse
        If another server holds it.
    """
    with (data_dir / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise DataDirInUse(
                f"another local Flyte uses {data_dir}; stop it, or choose another folder"
            ) from problem
        yield
