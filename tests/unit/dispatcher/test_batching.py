"""Batches: what shares style and options, never too many, the same in any order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.core.model import Options, Style, Upload
from services.dispatcher.batching import batches
from tests.fakes.dispatcher import BUCKET, notice

MOSAIC, WAVES = (Style(n, BUCKET, f"styles/{n}.jpg", "v1") for n in ("mosaic", "waves"))
styles = st.sampled_from(
    [(MOSAIC,), (WAVES,), (MOSAIC, WAVES), (replace(MOSAIC, weight=2.0), WAVES)]
)
options = st.builds(Options, size=st.sampled_from([256, 512]))
uploads = st.lists(
    st.builds(
        lambda number, style, wanted: Upload(notice(f"uploads/{number}.jpg"), 1, style, wanted),
        st.integers(0, 30),
        styles,
        options,
    ),
    unique_by=lambda upload: upload.id,
)
limits = st.integers(1, 5)


@given(uploads=uploads, limit=limits)
def test_every_upload_is_in_exactly_one_batch(uploads: list[Upload], limit: int) -> None:
    grouped = [upload.id for batch in batches(uploads, limit=limit) for upload in batch]

    assert sorted(grouped) == sorted(upload.id for upload in uploads)


@given(uploads=uploads, limit=limits)
def test_a_batch_shares_style_and_options_and_is_not_too_big(
    uploads: list[Upload], limit: int
) -> None:
    for batch in batches(uploads, limit=limit):
        assert 1 <= len(batch) <= limit
        assert len({(upload.styles, upload.options) for upload in batch}) == 1


@given(uploads=uploads, limit=limits)
def test_no_two_batches_could_be_one(uploads: list[Upload], limit: int) -> None:
    grouped = batches(uploads, limit=limit)

    partial = [(b[0].styles, b[0].options) for b in grouped if len(b) < limit]
    assert len(partial) == len(set(partial))


@given(uploads=uploads, limit=limits, order=st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(
    uploads: list[Upload], limit: int, order: st.DataObject
) -> None:
    shuffled = [*uploads, *uploads[:3]]
    order.shuffle(shuffled)  # type: ignore[attr-defined]

    assert batches(shuffled, limit=limit) == batches(uploads, limit=limit)
