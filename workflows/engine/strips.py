"""Evaluate a function of a large picture strip by strip, and again on the way back.

Autodiff keeps every array between a picture and its loss. Here only the picture and what is made
of it are kept: a strip of rows is computed anew when its gradient is wanted (Chen et al. 2016,
"Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174), and strips follow one another,
so that the arrays of one strip exist at a time.

Nothing is approximated. A 3 x 3 convolution spoils one row at an inner edge, where it sees zeros
in place of the neighbours: a strip brings as many more rows as there are convolutions, and leaves
them out of what it gives. At the edges of the picture the zeros are right.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import tensorflow as tf

from workflows.engine.arrays import Tensor


class Outputs(NamedTuple):
    """What is made of some rows of a picture.

    Attributes
    ----------
    rows
        Arrays of 1 x height x width x channels: those of the strips follow one another.
    sums
        Arrays of any shape: those of the strips add up.
    switches
        What spares the function work when only its gradient is wanted.
    """

    rows: Sequence[Tensor]
    sums: Sequence[Tensor]
    switches: Sequence[Tensor]


#: Makes something of rows (1 x height x width x channels). The slice tells which of them count;
#: the others are neighbours, for convolutions to see. The switches are those that it gave before.
Function: TypeAlias = Callable[[Tensor, slice, Sequence[Tensor] | None], Outputs]

#: All rows count.
ALL: Final = slice(None)


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of a picture.

    Attributes
    ----------
    rows
        In the picture, with neighbours.
    own
        Those that count, in `rows`.
    """

    rows: slice
    own: slice


def cut(height: int, step: int, halo: int) -> list[Strip]:
    """Cut a picture into strips.

    Parameters
    ----------
    height
        Rows of the picture.
    step
        Rows of a strip: even, so that what is pooled together stays together.
    halo
        Neighbours on each side, where there are so many. A strip has at least two halos of rows
        of its own, so that no row is in more than two strips.

    Returns
    -------
    list of Strip
        From top to bottom. The last one takes what is left, up to two halos more than a step.
    """
    step = max(step, 2 * halo)
    starts = range(0, max(1, height - 2 * halo + 1), step)
    strips = []
    for start, end in pairwise([*starts, height]):
        first, last = max(0, start - halo), min(height, end + halo)
        strips.append(Strip(slice(first, last), slice(start - first, end - first)))
    return strips


def in_strips(function: Function, x: Tensor, strips: Sequence[Strip]) -> Outputs:
    """Apply a function to a picture, strip by strip.

    Parameters
    ----------
    function
        May see as far as the halo of the strips.
    x
        The picture, 1 x height x width x channels.
    strips
        What `cut` made of its height. If there is but one, nothing is computed twice.

    Returns
    -------
    Outputs
        Of the whole picture.
    """
    if len(strips) == 1:
        return function(x, ALL, None)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def apply(x: Tensor) -> tuple[tuple[list[Tensor], list[Tensor]], Callable[..., Tensor]]:
        parts: list[Outputs] = []
        done: Sequence[Tensor] = ()
        for strip in strips:
            parts.append(function(_after(done, x, strip), strip.own, None))
            done = [tensor for tensors in parts[-1] for tensor in tensors]

        def gradient(*by_outputs: Tensor) -> Tensor:
            by_parts = _split(parts, by_outputs)
            by_strips: list[Tensor] = []
            done: Sequence[Tensor] = by_outputs
            for strip, part, by_part in zip(strips, parts, by_parts, strict=True):
                rows = _after(done, x, strip)
                with tf.GradientTape() as tape:
                    tape.watch(rows)
                    again = function(rows, strip.own, part.switches)
                by_strips.append(tape.gradient([*again.rows, *again.sums], rows, by_part))
                done = by_strips[-1:]
            return _overlap(strips, by_strips)

        return _join(parts), gradient

    rows, sums = apply(x)
    return Outputs(rows, sums, [])


def only(x: Tensor, rows: slice) -> Tensor:
    """Take some rows of 1 x height x width x channels.

    `tf.slice` shares memory when it cuts along the first axis, and its gradient is one of padding:
    4 ms for 64 MiB, where that of ``x[:, rows]`` takes 91.
    """
    if rows == ALL:
        return x
    first, last, _ = rows.indices(x.shape[1])
    return tf.slice(tf.squeeze(x, 0), [first, 0, 0], [last - first, -1, -1])[tf.newaxis]


def _after(done: Sequence[Tensor], x: Tensor, strip: Strip) -> Tensor:
    """Take the rows of a strip when the one before is done: a graph would start with all."""
    with tf.control_dependencies(done):
        return only(x, strip.rows)


def _join(parts: Sequence[Outputs]) -> tuple[list[Tensor], list[Tensor]]:
    return (
        [tf.concat(rows, 1) for rows in zip(*(part.rows for part in parts), strict=True)],
        [tf.add_n(sums) for sums in zip(*(part.sums for part in parts), strict=True)],
    )


def _split(parts: Sequence[Outputs], by_outputs: Sequence[Tensor]) -> list[list[Tensor]]:
    """Turn the gradients by what `_join` gave into those by what it was given."""
    by_rows, by_sums = by_outputs[: len(parts[0].rows)], by_outputs[len(parts[0].rows) :]
    ends = [0] * len(by_rows)
    by_parts = []
    for part in parts:
        starts, ends = ends, [end + y.shape[1] for end, y in zip(ends, part.rows, strict=True)]
        slices = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
        by_parts.append([*map(only, by_rows, slices), *by_sums])
    return by_parts


def _overlap(strips: Sequence[Strip], by_strips: Sequence[Tensor]) -> Tensor:
    """Join the gradients by strips; rows that two strips saw have a gradient from both."""
    shared = [above.rows.stop - below.rows.start for above, below in pairwise(strips)]
    pieces = []
    for number, by_strip in enumerate(by_strips):
        top = shared[number - 1] if number else 0
        bottom = shared[number] if number < len(shared) else 0
        height = by_strip.shape[1]
        if number:
            above = by_strips[number - 1]
            pieces.append(only(above, slice(-top, None)) + only(by_strip, slice(top)))
        pieces.append(only(by_strip, slice(top, height - bottom)))
    return tf.concat(pieces, 1)
