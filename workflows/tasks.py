"""The Flyte tasks: wiring between Flyte's types and the rooms that do the work.

No ``from __future__ import annotations`` here: flytekit reads the signatures at import.
"""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flytekit import Deck, Resources, current_context, task
from flytekit.exceptions.user import FlyteRecoverableException
from flytekit.types.error.error import FlyteError
from flytekit.types.file import FlyteFile

from workflows.contract import SUCCEEDED, Job, manifest_key, result_key
from workflows.deck import contact_sheet
from workflows.engine import Options
from workflows.engine.images import read_picture, read_style, write_picture
from workflows.manifest import manifest
from workflows.painting import paint
from workflows.storage import Storage, StorageUnavailable

PAINTING = Resources(cpu="2", mem="4Gi", ephemeral_storage="2Gi")
"""Two cores and 4 GiB paint 1024 px; the engine takes as many threads as the pod has cores."""

PAINTING_LIMITS = Resources(cpu="2", mem="6Gi", ephemeral_storage="2Gi")
"""2048 px takes 4.5 GiB and what surrounds the engine. The tasks of a map request the same for all
pictures, and nearly all are small; a pod that is evicted for it goes on from its checkpoint."""

RECORDING = Resources(cpu="500m", mem="1Gi")

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("botocore").setLevel(logging.WARNING)


@task(
    requests=PAINTING,
    limits=PAINTING_LIMITS,
    retries=3,
    interruptible=True,
    timeout=timedelta(hours=2),
)
def stylize(
    upload: dict[str, str], styles: list[dict[str, str]], options: dict[str, str], results: str
) -> dict[str, str]:
    """Paint one upload from start to end; the unit that the batch maps over.

    Returns
    -------
    dict
        ``upload`` (its id), ``status`` and ``reason``; the whole story is in ``result.json``.

    Raises
    ------
    FlyteRecoverableException
        If S3 is out of reach: Flyte repeats the attempt, which resumes from its checkpoint.
    """
    job = Job(upload, styles, options, results, execution_name())
    try:
        result = paint(job, Storage(), current_context().checkpoint)
    except StorageUnavailable as unavailable:
        raise FlyteRecoverableException(str(unavailable)) from unavailable
    return {name: result[name] for name in ("upload", "status", "reason")}


@task(
    requests=RECORDING,
    limits=RECORDING,
    retries=3,
    interruptible=True,
    enable_deck=True,
    deck_fields=(),  # our page alone; flytekit's own would list the image's packages with pip
)
def publish_manifest(
    uploads: list[dict[str, str]],
    styles: list[dict[str, str]],
    options: dict[str, str],
    results: str,
    records: list[dict[str, str]],
) -> str:
    """Write the manifest of a batch that ran to its end, and its Deck.

    ``records`` is what makes this task wait for the map; the facts come from ``result.json``.

    Returns
    -------
    str
        Key of the manifest in the results bucket.
    """
    logging.getLogger(__name__).info("%d uploads painted or rejected", len(records))
    store = Storage()
    try:
        found = _results(store, results, uploads)
        previews = {
            result["upload"]: store.read({"bucket": results, "key": result["preview"]})
            for result in found
            if result is not None and result["status"] == SUCCEEDED
        }
        page = contact_sheet([result for result in found if result is not None], previews)
        Deck("Pictures", page)
        return _publish(store, results, styles, options, uploads, found, failure="")
    except StorageUnavailable as unavailable:
        raise FlyteRecoverableException(str(unavailable)) from unavailable


@task(requests=RECORDING, limits=RECORDING, retries=3)
def publish_failure(
    uploads: list[dict[str, str]],
    styles: list[dict[str, str]],
    options: dict[str, str],
    results: str,
    err: FlyteError | None = None,
) -> None:
    """Write the manifest of a batch that failed: what was painted before stays painted."""
    store = Storage()
    reason = err.message if err is not None else "the execution failed"
    try:
        found = _results(store, results, uploads)
        _publish(store, results, styles, options, uploads, found, failure=reason)
    except StorageUnavailable as unavailable:
        raise FlyteRecoverableException(str(unavailable)) from unavailable


@task(requests=PAINTING, limits=PAINTING_LIMITS)
def paint_file(
    content: FlyteFile,
    style: FlyteFile,
    size: int,
    strength: float,
    quality: str,
    preserve_colors: bool,
    style_scale: float,
) -> FlyteFile:
    """Paint one file in the style of another; the result lands in the working directory."""
    from workflows.engine import stylize as paint_pixels

    options = Options.from_strings(
        {
            "size": str(size),
            "strength": str(strength),
            "quality": quality,
            "preserve_colors": str(preserve_colors).lower(),
            "style_scale": str(style_scale),
        }
    )
    photo_path, style_path = Path(content.download()), Path(style.download())
    photo = read_picture(photo_path.read_bytes(), longest_side=size)
    painting = read_style(style_path.read_bytes(), longest_side=size, scale=style_scale)
    painted = paint_pixels(photo.pixels, painting.pixels, options)
    parameters = {"style": style_path.name, **options.to_strings()}
    encoded = write_picture(painted.pixels, photo.alpha, parameters=parameters)
    target = Path.cwd() / f"{photo_path.stem}-{style_path.stem}.{encoded.extension}"
    target.write_bytes(encoded.data)
    return FlyteFile(str(target))


def execution_name() -> str:
    """Return the name of the execution that this task runs in."""
    execution = current_context().execution_id
    assert execution is not None
    return str(execution.name)


def _results(
    store: Storage, bucket: str, uploads: list[dict[str, str]]
) -> list[dict[str, Any] | None]:
    return [store.read_json(bucket, result_key(upload["id"], "result.json")) for upload in uploads]


def _publish(
    store: Storage,
    bucket: str,
    styles: list[dict[str, str]],
    options: dict[str, str],
    uploads: list[dict[str, str]],
    results: list[dict[str, Any] | None],
    failure: str,
) -> str:
    name = execution_name()
    document = manifest(name, styles, options, uploads, results, datetime.now(UTC), failure)
    store.write_json(bucket, manifest_key(name), document)
    return manifest_key(name)
