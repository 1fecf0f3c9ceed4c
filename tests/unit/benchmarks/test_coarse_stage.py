"""The comparison with a coarse stage: both ways end at one size and are judged alike."""

from __future__ import annotations

import pytest

from benchmarks.coarse_stage import MEASURES, WAYS, compare, table
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import load_weights


def test_both_ways_are_judged_at_the_full_size() -> None:
    start_tensorflow(available_cpus())
    pictures, figures = compare("chelsea", "mosaic", size=64, evaluations=4, weights=load_weights())

    assert {pixels.shape for pixels in pictures.values()} == {(43, 64, 3)}
    assert [set(figures[way]) for way in WAYS] == [set(MEASURES)] * 2


@pytest.mark.parametrize(
    ("measure", "better"), [("loss", "1 of 2"), ("luma_ssim", "0 of 2"), ("seconds", "2 of 2")]
)
def test_the_table_counts_where_coarse_first_is_better(measure: str, better: str) -> None:
    # GIVEN two pairs: one gains in loss, both in seconds, none in likeness
    same = dict.fromkeys(MEASURES, 1.0)
    pairs = [
        {"direct": same, "coarse first": {**same, "loss": 0.5, "seconds": 0.5}},
        {"direct": same, "coarse first": {**same, "loss": 1.5, "seconds": 0.9, "luma_ssim": 0.1}},
    ]

    # THEN
    (row,) = (line for line in table(pairs).splitlines() if line.startswith(measure))
    assert row.endswith(better)
