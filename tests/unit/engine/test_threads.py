"""Threads follow the container's CPU limit, cgroup v1 or v2, and never exceed it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workflows.engine.threads import available_cpus


@pytest.fixture(autouse=True)
def _host_with_64_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_a_cgroup_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cpus(tmp_path) == 64


def test_cgroup_v2_quota_of_the_container_counts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", "200000 100000\n")
    assert available_cpus(tmp_path) == 2


def test_cgroup_v1_quota_of_the_container_counts(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "3:cpu,cpuacct:/kubepods/pod1\n1:memory:/\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert available_cpus(tmp_path) == 3


def test_the_tightest_level_of_the_hierarchy_counts(tmp_path: Path) -> None:
    # GIVEN a slice with four CPUs and inside it a group with eight
    write(tmp_path / "proc/self/cgroup", "0::/pods/mine\n")
    write(tmp_path / "sys/fs/cgroup/pods/cpu.max", "400000 100000\n")
    write(tmp_path / "sys/fs/cgroup/pods/mine/cpu.max", "800000 100000\n")
    # WHEN / THEN
    assert available_cpus(tmp_path) == 4


@pytest.mark.parametrize(("quota", "cpus"), [("max", 64), ("50000", 1), ("150000", 1)])
def test_no_quota_is_no_limit_and_a_fraction_is_rounded_down_to_at_least_one(
    tmp_path: Path, quota: str, cpus: int
) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", f"{quota} 100000\n")
    assert available_cpus(tmp_path) == cpus


def test_an_unlimited_v1_group_and_unreadable_files_are_no_limit(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "3:cpu:/a\nnonsense\n0::/\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", "")
    assert available_cpus(tmp_path) == 64
