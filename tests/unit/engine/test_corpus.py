"""Every file that people upload ends as a right picture or in a reason, within limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.bad import bad, large
from tests.corpus.case import LOSSY, PHOTO, Case, Either, Refused, Shows
from tests.corpus.good import STORED_BY, good
from tests.corpus.isolation import Outcome, outcomes

FOUND = Path(__file__).resolve().parent.parent.parent / "corpus" / "found"

ORDINARY = [*good(), *bad()]
LARGE = [*large()]
FUZZED = [Case(path.name, path.read_bytes(), Either()) for path in sorted(FOUND.glob("*.bin"))]
CASES = {case.name: case for case in (*ORDINARY, *LARGE, *FUZZED)}

#: What reading may take beside the process itself. A picture of 100 million pixels has up to
#: four bytes for each, twice while its mode changes.
MEBIBYTES = 150
MEBIBYTES_LARGE = 900
SECONDS = 5.0


@pytest.fixture(scope="module")
def found() -> dict[str, Outcome]:
    return outcomes(CASES.values())


def test_the_corpus_is_large_and_no_name_is_used_twice() -> None:
    assert len(CASES) == len(ORDINARY) + len(LARGE) + len(FUZZED)
    assert len(ORDINARY) >= 60


def test_the_photo_tells_every_orientation_apart() -> None:
    shown = np.asarray(PHOTO.resize((48, 48)), np.float32) / 255
    for method in filter(lambda method: method is not None, STORED_BY.values()):
        turned = np.asarray(PHOTO.resize((48, 48)).transpose(method), np.float32) / 255
        assert np.abs(shown - turned).mean() > 3 * LOSSY


@pytest.mark.parametrize("name", CASES)
def test_a_file_ends_in_a_right_picture_or_a_reason(found: dict[str, Outcome], name: str) -> None:
    outcome, expected = found[name], CASES[name].outcome
    assert outcome.crash == ""
    match expected:
        case Shows():
            assert outcome.reason == ""
            assert_shows(outcome, expected)
        case Refused(error, reason):
            assert outcome.error == error
            assert reason in outcome.reason
        case Either():
            assert (outcome.pixels is None) == bool(outcome.reason)


@pytest.mark.parametrize("name", [case.name for case in LARGE])
def test_the_largest_pictures_keep_within_a_pod(found: dict[str, Outcome], name: str) -> None:
    assert found[name].mebibytes < MEBIBYTES_LARGE


@pytest.mark.parametrize("name", [case.name for case in (*ORDINARY, *FUZZED)])
def test_no_small_file_takes_much_memory_or_time(found: dict[str, Outcome], name: str) -> None:
    assert found[name].mebibytes < MEBIBYTES
    assert found[name].seconds < SECONDS


def assert_shows(outcome: Outcome, expected: Shows) -> None:
    assert outcome.pixels is not None
    wanted = np.asarray(expected.image.convert("RGB"), np.float32) / 255
    assert outcome.pixels.shape == wanted.shape
    assert np.abs(outcome.pixels - wanted).mean() < expected.tolerance
    assert (outcome.alpha is None) == (expected.alpha is None)
    if expected.alpha is not None:
        np.testing.assert_allclose(outcome.alpha, expected.alpha, atol=2 * LOSSY)
