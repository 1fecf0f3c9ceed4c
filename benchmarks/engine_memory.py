"""Peak memory of the engine in a process of its own.

``python -m benchmarks.engine_memory --size 1024 [--evaluations 8]``

The picture is square and made of noise: neither memory nor time depends on what it shows. The
optimiser's memory is reserved whole but only counts as it fills, by a pair for each evaluation
but the first: `--evaluations 25` fills it at every size, 12 at 1024, 6 at 2048 pixels square.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent


class _EnoughError(Exception):
    """Raised through the engine after the evaluations that were asked for."""


def peak_mib(size: int, evaluations: int = 25) -> int:
    """Run the engine in a child and read the peak of its resident set."""
    command = [sys.executable, "-m", "benchmarks.engine_memory", "--size", str(size)]
    done = subprocess.run(
        [*command, "--evaluations", str(evaluations)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split()[-1])


def main() -> None:
    """Run the engine and print the peak resident set of this process in MiB."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--evaluations", type=int, default=8)
    arguments = parser.parse_args()
    from workflows.engine import Options, Progress, stylize

    def stop(progress: Progress) -> None:
        if progress.evaluation == arguments.evaluations:
            raise _EnoughError

    noise = np.random.default_rng(0).random((2, arguments.size, arguments.size, 3), np.float32)
    with contextlib.suppress(_EnoughError):
        stylize(noise[0], noise[1], Options(size=arguments.size), progress=stop)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    main()
