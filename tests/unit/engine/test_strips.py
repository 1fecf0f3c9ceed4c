"""Large pictures are evaluated in strips: same loss, same gradient."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import Weights

#: Strips add in another order, in sums of up to 10,000 products, and Winograd's tiles begin
#: elsewhere: float32 rounds at 6e-8, and 1e-6 apart was seen. A row that is missing, or one that
#: counts twice, is 1e-2 apart.
TOLERANCE = 1e-5


@pytest.fixture(scope="module", autouse=True)
def _tensorflow() -> None:
    start_tensorflow(available_cpus())


@given(height=st.integers(1, 300), pairs=st.integers(1, 40), halo=st.sampled_from([2, 4]))
def test_every_row_belongs_to_one_strip(height: int, pairs: int, halo: int) -> None:
    from workflows.engine.strips import cut

    strips = cut(height, 2 * pairs, halo)
    # Each row is some strip's own, once and in order,
    assert [row for one in strips for row in range(height)[one.rows][one.own]] == [*range(height)]
    for above, below in pairwise(strips):
        # each has its neighbours, and pooled rows stay together,
        assert below.own.start == halo
        assert above.rows.stop - above.own.stop - above.rows.start == halo
        assert (below.rows.start + below.own.start) % 2 == 0
    for above, below in zip(strips, strips[2:], strict=False):
        # and no row is in three.
        assert above.rows.stop <= below.rows.start


@pytest.mark.parametrize("shape", [(48, 64), (75, 37)])
def test_a_picture_in_strips_has_the_loss_and_the_gradient_of_the_whole(
    shape: tuple[int, int], weights: Weights
) -> None:
    from workflows.engine.objective import Objective

    # GIVEN a picture, a photo and a style
    photo, style = landscape(*shape), stripes(40, 56)
    picture = np.ascontiguousarray(photo[::-1, ::-1])
    # WHEN it is evaluated as a whole, and in strips as short as can be in all blocks
    loss, gradient = Objective(photo, style, weights).evaluate(picture)
    in_strips = Objective(photo, style, weights, strip_values=1)
    loss_in_strips, gradient_in_strips = in_strips.evaluate(picture)
    # THEN both agree, and so do the targets
    assert loss_in_strips == pytest.approx(loss, rel=TOLERANCE)
    apart = np.linalg.norm(gradient_in_strips - gradient) / np.linalg.norm(gradient)
    assert apart < TOLERANCE
    # AND no seam has an error of its own
    assert np.abs(gradient_in_strips - gradient).max() < TOLERANCE * np.abs(gradient).max()


def test_strips_give_the_same_bits_every_time(weights: Weights) -> None:
    from workflows.engine.objective import Objective

    photo = landscape(48, 64)
    one, other = (
        Objective(photo, stripes(40, 56), weights, strip_values=2**16).evaluate(photo[::-1])
        for _ in range(2)
    )
    assert one[0] == other[0]
    assert one[1].tobytes() == other[1].tobytes()
