"""What everything that runs an execution shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from local.flyte.execution.cpus import CpuPool
    from local.flyte.state.journal import Journal
    from local.flyte.state.registry import Registry


@dataclass(frozen=True)
class Runtime:
    """The control plane's parts that executions need.

    Attributes
    ----------
    data_dir
        Where state, blobs and logs lie.
    code
        The folder that stands for the code baked into a container image.
    """

    data_dir: Path
    code: Path
    registry: Registry
    journal: Journal
    cpus: CpuPool
