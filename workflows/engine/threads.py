"""How TensorFlow is started: with the threads of the container, and the same bits every time.

TensorFlow sizes its pools from `sched_getaffinity`, which knows nothing of the CPU quota that
Kubernetes sets through cgroups: a pod with two CPUs on a node with 64 would start 64 threads
and be throttled for most of its time.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def available_cpus(root: Path = Path("/")) -> int:
    """Count the CPUs that this process may really use.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are mounted; tests pass a folder.

    Returns
    -------
    int
        The smallest of CPU affinity and every cgroup v1 or v2 quota above this process,
        rounded down, at least 1.
    """
    limits = [float(_affinity())]
    limits += _quotas(root)
    return max(1, int(min(limits)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> list[float]:
    """Collect the quotas, in CPUs, from this process's cgroup up to the top of each hierarchy."""
    quotas = []
    mount = root / "sys/fs/cgroup"
    for controllers, group in _memberships(root):
        if controllers == "":  # cgroup v2, the unified hierarchy
            levels = [mount, *_levels(mount, group)]
            quotas += [quota for level in levels if (quota := _quota_v2(level)) is not None]
        elif "cpu" in controllers.split(","):
            top = mount / "cpu"
            levels = [top, *_levels(top, group)]
            quotas += [quota for level in levels if (quota := _quota_v1(level)) is not None]
    return quotas


def _memberships(root: Path) -> list[tuple[str, str]]:
    """Read /proc/self/cgroup: lines of ``id:controllers:path`` (man 7 cgroups)."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    parts = [line.split(":", 2) for line in lines]
    return [(part[1], part[2]) for part in parts if len(part) == 3]


def _levels(top: Path, group: str) -> list[Path]:
    # In a container the path may be the host's and lead nowhere here; the mount's top, which
    # is then the container's own group, is always looked at too.
    names = [name for name in group.split("/") if name not in ("", "..", ".")]
    return [top.joinpath(*names[: count + 1]) for count in range(len(names))]


def _quota_v2(level: Path) -> float | None:
    try:
        quota, period = (level / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(level: Path) -> float | None:
    try:
        quota = int((level / "cpu.cfs_quota_us").read_text())
        period = int((level / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None  # -1 means no limit
    except (OSError, ValueError, ZeroDivisionError):
        return None


def start_tensorflow(cpus: int) -> None:
    """Import TensorFlow, quietly; bound its threads and fix its graphs before the first operation.

    Grappler, which rewrites graphs, goes through hash tables in an order of its own in every run,
    so that it adds in another order, too: one graph in six had another last bit, and twenty
    evaluations on, other pixels. What it does for our graphs, oneDNN's own pass does as well:
    without it an evaluation takes as long, and tracing 0.3 s less.

    Parameters
    ----------
    cpus
        Threads for the work inside one operation; operations run one after the other, since
        those of VGG19 follow each other anyway.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no lines about the CPU's instructions
    import tensorflow as tf

    # Someone else in this process may have used TensorFlow already: then its threads are set.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(cpus)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
