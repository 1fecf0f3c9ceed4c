"""The workflows: a batch from a bucket, and one picture from a file.

No ``from __future__ import annotations`` here: flytekit reads the signatures at import.
"""

from functools import partial

from flytekit import LaunchPlan, map_task, workflow
from flytekit.types.file import FlyteFile

from workflows.tasks import paint_file, publish_failure, publish_manifest, stylize

CONCURRENT_PICTURES = 8
"""Pods of one batch at the same time; a batch must not take the whole cluster."""


@workflow(on_failure=publish_failure)
def style_transfer(
    uploads: list[dict[str, str]],
    styles: list[dict[str, str]],
    options: dict[str, str],
    results: str,
) -> str:
    """Paint a batch of uploads in one style, or one blend of styles, and write its manifest.

    Returns
    -------
    str
        Key of the manifest in the results bucket.
    """
    paint_one = partial(stylize, styles=styles, options=options, results=results)
    records = map_task(paint_one, concurrency=CONCURRENT_PICTURES)(upload=uploads)
    manifest: str = publish_manifest(
        uploads=uploads, styles=styles, options=options, results=results, records=records
    )
    return manifest


@workflow
def paint(
    content: FlyteFile,
    style: FlyteFile,
    size: int = 512,
    strength: float = 1.0,
    quality: str = "standard",
    preserve_colors: bool = False,
    style_scale: float = 1.0,
) -> FlyteFile:
    """Paint one photo in the style of one picture, from files, with no service running.

    Returns
    -------
    FlyteFile
        The painted picture, named after the photo and the style.
    """
    return paint_file(
        content=content,
        style=style,
        size=size,
        strength=strength,
        quality=quality,
        preserve_colors=preserve_colors,
        style_scale=style_scale,
    )


batch_plan = LaunchPlan.get_or_create(style_transfer, name="style_transfer")
"""What the dispatcher launches; an explicit name outlives a move of the module."""
