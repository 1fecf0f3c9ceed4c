"""What a cold start of the dispatcher costs, beside ``import flytekit`` on the same machine.

``python -m benchmarks.dispatcher_start [--json] [--runs 9]``

Measured in fresh child processes, ours and flytekit's by turns, after one of each that does not
count and fills a bytecode cache of their own. Ours imports ``services.dispatcher.app``, which reads
the settings and makes the clients of S3, DynamoDB and FlyteAdmin with its channel; theirs imports
flytekit and makes nothing. Medians.

time
    Seconds from the interpreter's first line of our code to the last: the start of Python itself,
    the same for both, is in neither.
memory
    What the start adds to the peak resident set of a bare interpreter (``VmHWM``), in MiB:
    ``memory_ratio`` is made of this, because peak memory is what a Lambda is sized by.
    Beside it, for who prefers another measure: ``peak`` is the whole peak, interpreter included;
    ``private`` is what it adds to the pages that are the process's own (``RssAnon``), shared
    libraries left out; ``objects`` is what Python itself has allocated, by ``tracemalloc``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BARE, OURS, THEIRS = "pass", "import services.dispatcher.app", "import flytekit"

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "DEFAULT_STYLE": "mosaic",
    "FLYTE_DOMAIN": "development",
    "FLYTE_ENDPOINT": "127.0.0.1:1",
    "FLYTE_INSECURE": "true",
    "FLYTE_LAUNCH_PLAN": "style_transfer",
    "FLYTE_LAUNCH_PLAN_VERSION": "v1",
    "FLYTE_PROJECT": "nst",
    "LEDGER_TABLE": "ledger",
    "POWERTOOLS_SERVICE_NAME": "dispatcher",
    "RESULTS_BUCKET": "results",
    "UPLOADS_BUCKET": "uploads",
    "UPLOADS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads",
}

_CHILD = """
import time
begin = time.perf_counter()
{statement}
seconds = time.perf_counter() - begin
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
kibibytes = [int(status[name].split()[0]) for name in ("VmHWM", "RssAnon")]
print("MEASURED", seconds, *kibibytes)
"""
_TRACED_CHILD = """
import tracemalloc
tracemalloc.start()
{statement}
print("MEASURED", tracemalloc.get_traced_memory()[0] / 1024)
"""


def measure(runs: int) -> dict[str, float | int | str]:
    """Run both by turns and compare their medians."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            **SETTINGS,
            "PYTHONPYCACHEPREFIX": cache,
        }
        cases = {"bare": BARE, "ours": OURS, "flytekit": THEIRS}
        samples: dict[str, list[list[float]]] = {name: [] for name in cases}
        objects: dict[str, float] = {}
        for name, statement in cases.items():
            (traced,) = _run(_TRACED_CHILD.format(statement=statement), environment)
            objects[name] = traced  # the run that fills the cache; objects are the same each time
            _run(_CHILD.format(statement=statement), environment)
        for _ in range(runs):
            for name, statement in cases.items():
                samples[name].append(_run(_CHILD.format(statement=statement), environment))
    median = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in samples.items()
    }
    return _compare(median, objects, runs)


def _run(code: str, environment: dict[str, str]) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("MEASURED"))
    return [float(value) for value in line.split()[1:]]


def _compare(
    median: dict[str, list[float]], objects: dict[str, float], runs: int
) -> dict[str, float | int | str]:
    (_, bare_peak, bare_private) = median["bare"]
    (our_time, our_peak, our_private) = median["ours"]
    (their_time, their_peak, their_private) = median["flytekit"]
    peaks = (our_peak - bare_peak, their_peak - bare_peak)
    private = (our_private - bare_private, their_private - bare_private)
    return {
        "runs": runs,
        "python": sys.version.split()[0],
        "ours_seconds": round(our_time, 3),
        "flytekit_seconds": round(their_time, 3),
        "time_ratio": round(our_time / their_time, 3),
        "ours_memory_mib": _mib(peaks[0]),
        "flytekit_memory_mib": _mib(peaks[1]),
        "memory_ratio": round(peaks[0] / peaks[1], 3),
        "bare_peak_mib": _mib(bare_peak),
        "ours_peak_mib": _mib(our_peak),
        "flytekit_peak_mib": _mib(their_peak),
        "peak_ratio": round(our_peak / their_peak, 3),
        "ours_private_mib": _mib(private[0]),
        "flytekit_private_mib": _mib(private[1]),
        "private_ratio": round(private[0] / private[1], 3),
        "ours_objects_mib": _mib(objects["ours"]),
        "flytekit_objects_mib": _mib(objects["flytekit"]),
        "objects_ratio": round(objects["ours"] / objects["flytekit"], 3),
    }


def _mib(kibibytes: float) -> float:
    return round(kibibytes / 1024, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--runs", type=int, default=9, help="how often each is started (9)")
    arguments = parser.parse_args()
    measured = measure(arguments.runs)
    if arguments.json:
        print(json.dumps(measured, indent=2))
        return
    for name, value in measured.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
