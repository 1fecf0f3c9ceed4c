"""The image of the Flyte tasks, and one picture painted in it, within the limits of the task."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.pictures import PHOTOS, STYLES
from local.sam.base_images import IMAGES
from local.state import ROOT
from local.system import IMAGE

if TYPE_CHECKING:
    from local.sam.engine import Engine

SIZE = 192  # pixels: enough to see strokes, small enough to wait for
CPUS, MEMORY = 2, "6g"
"""What the pod is held to: `PAINTING_LIMITS` in workflows/tasks.py."""


@dataclass(frozen=True)
class Painting:
    """What the container told, and the picture it painted.

    Attributes
    ----------
    seconds
        Of the painting, with the import of TensorFlow.
    loss
        Of the first and of the last evaluation.
    cpus, threads
        What the engine counted, and what TensorFlow was given.
    machine_cpus
        What the machine has.
    peak_mebibytes
        Most memory that was resident.
    picture
        The painted picture.
    """

    seconds: float
    loss: tuple[float, float]
    cpus: int
    threads: int
    machine_cpus: int
    peak_mebibytes: int
    picture: Path

    def problems(self) -> list[str]:
        """Tell what is not as it should be; empty if all is."""
        return [
            problem
            for problem, found in {
                f"{self.threads} threads on {self.cpus} CPUs": self.threads != self.cpus,
                f"the loss went from {self.loss[0]} to {self.loss[1]}": self.loss[1] > self.loss[0],
            }.items()
            if found
        ]

    def __str__(self) -> str:
        first, last = self.loss
        return (
            f"{self.threads} threads, {self.peak_mebibytes} MiB of {MEMORY}, {self.seconds:.1f} s,"
            f" loss {first:.3g} to {last:.3g}: {self.picture.name}"
        )


def build_task_image(engine: Engine, base_image: str) -> None:
    """Build the image from ``workflows/Dockerfile``; it checks the weights by itself."""
    file = ROOT / "workflows" / "Dockerfile"
    argument = f"BASE_IMAGE={base_image}"
    engine.docker("build", "-f", file, "-t", IMAGE, "--build-arg", argument, ROOT)


def count_threads(engine: Engine, *, cpus: int) -> int:
    """Count the threads that the engine takes in a container with so many CPUs."""
    code = "from workflows.engine.threads import available_cpus; print(available_cpus())"
    return int(engine.docker("run", "--rm", "--cpus", str(cpus), IMAGE, "python3", "-c", code))


def paint_inside(engine: Engine, build: Path) -> Painting:
    """Paint a small picture in a container with limits, and without a network.

    Without a network nothing can be downloaded: the weights are those in the image.
    """
    pictures = build / "pictures"
    pictures.mkdir(exist_ok=True)
    (pictures / "photo").write_bytes(PHOTOS["chelsea"].read())
    (pictures / "style").write_bytes((STYLES / "mosaic.jpg").read_bytes())
    limits = ["--cpus", str(CPUS), "--memory", MEMORY, "--memory-swap", MEMORY]
    mounts = ["-v", f"{pictures}:/pictures", "-v", f"{IMAGES / 'paint.py'}:/paint.py:ro"]
    command = ["python3", "/paint.py", "/pictures", str(SIZE)]
    said = engine.docker("run", "--rm", "--network", "none", *limits, *mounts, IMAGE, *command)
    told = json.loads(said.splitlines()[-1])
    return Painting(**told, picture=pictures / "painted.jpg")
