"""Grouping uploads into batches. Pure: the same uploads make the same batches in any order."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from services.core.model import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.core.model import Upload

Batch = tuple["Upload", ...]


def batches(uploads: Iterable[Upload], *, limit: int) -> list[Batch]:
    """Group uploads that share styles and options, at most `limit` of them to a batch.

    Parameters
    ----------
    uploads
        In any order; of an upload that comes twice, one is taken.
    limit
        ``MAX_UPLOADS_PER_EXECUTION``.
    """
    distinct = {upload.id: upload for upload in uploads}.values()
    ordered = sorted(distinct, key=lambda upload: (_kinship(upload), upload.id))
    grouped: list[Batch] = []
    for _, group in groupby(ordered, key=_kinship):
        kin = tuple(group)
        grouped += [kin[first : first + limit] for first in range(0, len(kin), limit)]
    return grouped


def _kinship(upload: Upload) -> str:
    return canonical_json([[style.wire() for style in upload.styles], upload.options.wire()])
