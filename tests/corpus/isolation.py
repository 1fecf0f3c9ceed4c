"""Read files in processes of their own, with limits, and tell what it took.

Run as a program, it takes (name, file) pairs from its input and gives outcomes to its output; a
process that is small and has no threads can be copied for each file.
"""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.corpus.case import Case

LONGEST_SIDE = 512

#: Address space and processor seconds of one file; the pod has 4 GiB.
MEMORY = 2 * 2**30
SECONDS = 20

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes
    ----------
    error, reason
        The typed error and its message; empty if the file was read.
    crash
        A traceback, or the signal that ended the process; empty as it should be.
    pixels, alpha
        The picture, if there is one.
    mebibytes
        Peak of memory above what the process had before.
    seconds
        Of processor time.
    """

    error: str = ""
    reason: str = ""
    crash: str = ""
    pixels: npt.NDArray[np.float32] | None = None
    alpha: npt.NDArray[np.float32] | None = None
    mebibytes: float = 0.0
    seconds: float = 0.0


def outcomes(cases: Iterable[Case]) -> dict[str, Outcome]:
    """Read all files, one after the other; by name."""
    work = pickle.dumps([(case.name, case.data) for case in cases])
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.isolation"],
        input=work,
        stdout=subprocess.PIPE,
        check=True,
        timeout=240,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return {name: Outcome(**found) for name, found in pickle.loads(done.stdout).items()}


def main() -> None:
    """Serve one call of `outcomes`."""
    import workflows.engine.images  # noqa: F401  # once, not in every copy; the same of Pillow's

    Image.init()
    work = pickle.load(sys.stdin.buffer)
    pickle.dump({name: _isolated(data) for name, data in work}, sys.stdout.buffer)


def _isolated(data: bytes) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        before = _peak()
        answer = _read(data)
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump({**answer, "mebibytes": (_peak() - before) / 1024}, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        written = pipe.read()
    _, status, usage = os.wait4(child, 0)
    outcome = pickle.loads(written) if written and not status else {"crash": f"status {status}"}
    return {**outcome, "seconds": usage.ru_utime + usage.ru_stime}


def _peak() -> int:
    """Most memory that this process had, in KiB; getrusage would count its ancestors in."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _read(data: bytes) -> dict[str, Any]:
    from workflows.engine.images import PictureError, read_picture

    # Decoders print their complaints; nobody wants to read them here.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        picture = read_picture(data, longest_side=LONGEST_SIDE)
    except PictureError as error:
        return {"error": type(error).__name__, "reason": str(error)}
    except BaseException:
        return {"crash": traceback.format_exc()}
    return {"pixels": picture.pixels, "alpha": picture.alpha}


if __name__ == "__main__":
    main()
