"""The life of one upload inside a task: read, optimise, publish.

What is wrong with a picture is a result (``REJECTED`` with a reason), never an exception: one bad
file must not fail its batch. What may pass on a retry travels as ``StorageUnavailable``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workflows.contract import REJECTED, SUCCEEDED, Job, blend_label
from workflows.engine import (
    Checkpoint,
    CheckpointMismatch,
    Options,
    Progress,
    Styles,
    StylizedImage,
    WeightedStyle,
    stylize,
)
from workflows.engine.images import Picture, PictureError, read_picture, read_style, write_picture
from workflows.storage import ObjectGone, Storage
from workflows.versions import versions

CHECKPOINT_SECONDS = 25.0
"""A kill loses at most this, if an evaluation takes less. It leaves 5 seconds, of the 30 that may
be lost, for a checkpoint on its way (48 MiB at 2048 px) and for an evaluation slower than those
before it. Where one takes longer, every one is saved, and a kill loses one."""

PREVIEW_SECONDS = 4.0
"""How often a watcher sees a new preview; one small PUT each."""

FIRST_PREVIEW = 4
"""Evaluations before the style begins to show."""

Pixels = NDArray[np.float32]

logger = logging.getLogger(__name__)


class CheckpointStore(Protocol):
    """Where a checkpoint survives the pod (flytekit's ``SyncCheckpoint`` is one)."""

    def prev_exists(self) -> bool: ...  # noqa: D102
    def read(self) -> bytes | None: ...  # noqa: D102
    def write(self, b: bytes) -> None: ...  # noqa: D102


class Engine(Protocol):
    """Pixels in, pixels out: what ``workflows.engine.stylize`` does."""

    def __call__(  # noqa: D102
        self,
        content: Pixels,
        style: Styles,
        options: Options,
        *,
        progress: Callable[[Progress], None] | None = None,
        resume: Checkpoint | None = None,
    ) -> StylizedImage: ...


def paint(
    job: Job, store: Storage, checkpoints: CheckpointStore, engine: Engine = stylize
) -> dict[str, Any]:
    """Paint one upload and publish all that became of it.

    A retried attempt that finds its result already published returns it as it is.

    Parameters
    ----------
    job
        What to paint, and where the result goes.
    store
        Where pictures are read and results are written.
    checkpoints
        Where the optimisation is saved, and found again by the next attempt.
    engine
        What paints.

    Returns
    -------
    dict
        The content of ``result.json``.

    Raises
    ------
    StorageUnavailable
        If S3 is out of reach; the attempt is worth repeating.
    """
    published = store.read_json(job.results, job.key("result.json"))
    if published is not None and published.get("execution") == job.execution:
        logger.info("%s is already published", job.upload["id"])
        return published
    started, busy = time.monotonic(), time.process_time()
    try:
        outcome = _paint(job, store, checkpoints, engine)
    except _Unpaintable as unpaintable:
        logger.warning("%s rejected: %s", job.upload["key"], unpaintable)
        outcome = {
            "status": REJECTED,
            "reason": str(unpaintable),
            "picture": "",
            "preview": "",
            "versions": versions(),
        }
    result = {
        "upload": job.upload["id"],
        "execution": job.execution,
        "source": {name: job.upload[name] for name in ("bucket", "key", "version_id")},
        "styles": [dict(style) for style in job.styles],
        "options": dict(job.options),
        "seconds": round(time.monotonic() - started, 3),
        # Of this attempt, all threads together; an attempt that was killed tells nothing.
        "cpu_seconds": round(time.process_time() - busy, 3),
        **outcome,
    }
    store.write_json(job.results, job.key("result.json"), result)
    return result


class _Unpaintable(Exception):
    """Something about the picture or its style that no retry can mend."""


def _paint(
    job: Job, store: Storage, checkpoints: CheckpointStore, engine: Engine
) -> dict[str, Any]:
    options = Options.from_strings(job.options)
    decode = partial(read_picture, longest_side=options.size)
    content = _read(store, job.upload, "the photo", decode)
    decode = partial(read_style, longest_side=options.size, scale=options.style_scale)
    styles = [
        WeightedStyle(
            _read(store, style, f"style {style['name']!r}", decode).pixels, float(style["weight"])
        )
        for style in job.styles
    ]
    watcher = _Watcher(job, store, checkpoints)
    try:
        resume = _restore(checkpoints)
        painted = engine(content.pixels, styles, options, progress=watcher, resume=resume)
    except CheckpointMismatch as foreign:
        logger.warning("starting afresh: %s", foreign)
        painted = engine(content.pixels, styles, options, progress=watcher)

    parameters = {"style": blend_label(job.styles), "upload": job.upload["id"], **job.options}
    encoded = write_picture(painted.pixels, content.alpha, parameters=parameters)
    picture = job.key(f"stylized.{encoded.extension}")
    store.write(job.results, picture, encoded.data, encoded.content_type)
    watcher.publish_preview(painted.pixels, painted.evaluations, painted.evaluations)
    height, width = painted.pixels.shape[:2]
    return {
        "status": SUCCEEDED,
        "reason": "",
        "picture": picture,
        "preview": job.key("preview.jpg"),
        "width": width,
        "height": height,
        "evaluations": painted.evaluations,
        "loss": [list(point) for point in painted.loss],
        "resumed_from": painted.resumed_from,
        "versions": {
            **versions(),
            "vgg19": painted.weights_source,
            "vgg19_sha256": painted.weights_sha256,
        },
    }


def _read(
    store: Storage, source: Mapping[str, str], what: str, decode: Callable[[bytes], Picture]
) -> Picture:
    try:
        return decode(store.read(source))
    except ObjectGone as gone:
        raise _Unpaintable(f"{what} was deleted before it could be painted") from gone
    except PictureError as wrong:
        raise _Unpaintable(f"{what}: {wrong}") from wrong


def _restore(checkpoints: CheckpointStore) -> Checkpoint | None:
    """Return what the previous attempt saved, if it saved anything that can be read."""
    try:
        blob = checkpoints.read() if checkpoints.prev_exists() else None
        return Checkpoint.from_bytes(blob) if blob else None
    except ValueError as unreadable:
        # flytekit says "there was an attempt before", not "it saved something"; its
        # FlyteDataNotFoundException is a ValueError, as is a blob that is no checkpoint.
        logger.info("starting afresh, no usable checkpoint: %s", unreadable)
        return None


class _Watcher:
    """Listens to the optimisation: saves it, shows it, logs it."""

    def __init__(self, job: Job, store: Storage, checkpoints: CheckpointStore) -> None:
        self._job = job
        self._store = store
        self._checkpoints = checkpoints
        # A resumed attempt saves at once (Flyte hands attempt k only what attempt k-1 wrote), and
        # so does a fresh one: both come with their first evaluation.
        self._saved = float("-inf")
        self._shown = float("-inf")
        # Seconds from one call to the next, which has written and shown things, too. The first
        # evaluation, with all that comes before it, is no measure of the others.
        self._slowest = 0.0
        self._called = float("inf")

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        self._slowest = max(self._slowest, now - self._called)
        self._called = now
        # What this evaluation found can be lost until the next one has ended.
        if now + self._slowest - self._saved > CHECKPOINT_SECONDS:
            self._checkpoints.write(progress.checkpoint().to_bytes())
            self._saved = now
        if progress.evaluation >= FIRST_PREVIEW and now - self._shown >= PREVIEW_SECONDS:
            self.publish_preview(progress.image(), progress.evaluation, progress.evaluations)
            self._shown = now
            logger.info(
                "%s: evaluation %d of %d, loss %.4g, %.1f s",
                self._job.upload["key"],
                progress.evaluation,
                progress.evaluations,
                progress.loss,
                progress.seconds,
            )

    def publish_preview(self, pixels: Pixels, evaluation: int, evaluations: int) -> None:
        """Publish what the picture looks like now, with how far it is."""
        encoded = write_picture(pixels, parameters={})
        self._store.write(
            self._job.results,
            self._job.key("preview.jpg"),
            encoded.data,
            encoded.content_type,
            {"evaluation": str(evaluation), "evaluations": str(evaluations)},
        )
