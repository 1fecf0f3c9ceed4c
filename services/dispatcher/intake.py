"""Looking at announced objects: notices become uploads, or rejections with a reason."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from services.core.aws import PARALLEL_CALLS
from services.core.blend import BlendError, Ingredient, read_blend
from services.core.model import (
    UPLOADS_PREFIX,
    Notice,
    Options,
    Rejection,
    RejectionCode,
    Style,
    Upload,
)
from services.core.options import OptionsError
from services.dispatcher.bucket import BucketError, Head

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.dispatcher.budget import Budget

STYLES_NAMED = 20  # as many as a person reads in a message
MEGABYTE = 1_000_000


class Bucket(Protocol):
    """The port to the uploads bucket; see `services.dispatcher.bucket.UploadsBucket`."""

    name: str

    def head(self, key: str, *, version_id: str = "", etag: str = "") -> Head | None:
        """Look at one version of an object; ``None`` when it is gone."""

    def styles(self) -> dict[str, str]:
        """List the styles: key by name."""


@dataclass(slots=True)
class Inspection:
    """What became of each notice that was looked at."""

    uploads: list[Upload] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    failures: dict[str, BucketError] = field(default_factory=dict)  # by upload id


@dataclass(frozen=True, slots=True)
class _Wish:
    """An upload that exists, and the style, or the blend of styles, that it asks for."""

    notice: Notice
    size: int
    style: str
    options: Options


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why the style that was asked for cannot be had."""

    code: RejectionCode
    reason: str


class Intake:
    """Looks at objects, many at a time, and reads from them what is wanted.

    Parameters
    ----------
    bucket
        The uploads bucket.
    default_style
        For uploads that name none.
    max_bytes
        What an upload may have at most.
    threads
        How many objects are looked at side by side.
    """

    def __init__(
        self,
        bucket: Bucket,
        *,
        default_style: str,
        max_bytes: int,
        threads: int = PARALLEL_CALLS,
    ) -> None:
        self._bucket = bucket
        self._default_style = default_style
        self._max_bytes = max_bytes
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="head")

    def inspect(self, notices: Iterable[Notice], budget: Budget) -> Inspection:
        """Look at each object once, and at the styles they ask for.

        Never raises for S3: what could not be looked at is among the failures.
        """
        by_id = {notice.id: notice for notice in notices}
        inspection = Inspection()
        if not by_id:
            return inspection
        heads = self._heads({i: (n.key, n.version_id, n.etag) for i, n in by_id.items()}, budget)
        wishes: list[_Wish] = []
        for upload, head in heads.items():
            match head if isinstance(head, BucketError) else self._read(by_id[upload], head):
                case BucketError() as failure:
                    inspection.failures[upload] = failure
                case Rejection() as rejection:
                    inspection.rejections.append(rejection)
                case _Wish() as wish:
                    wishes.append(wish)
        self._resolve_styles(wishes, inspection, budget)
        return inspection

    def _read(self, notice: Notice, head: Head | None) -> _Wish | Rejection:
        if head is None:
            reason = "the object is gone: it was deleted or overwritten before it was looked at"
            return Rejection(notice, RejectionCode.GONE, reason)
        if head.size == 0:
            return Rejection(notice, RejectionCode.EMPTY, "the file is empty")
        style = _style_wanted(notice.key, head.metadata) or self._default_style
        if head.size > self._max_bytes:
            reason = (
                f"the file has {head.size / MEGABYTE:.1f} MB, "
                f"and at most {self._max_bytes / MEGABYTE:.1f} MB are taken"
            )
            return Rejection(notice, RejectionCode.TOO_BIG, reason, head.size, style)
        try:
            options = Options.parse({k: _decoded(v) for k, v in head.metadata.items()})
        except OptionsError as error:
            return Rejection(notice, RejectionCode.BAD_OPTION, str(error), head.size, style)
        return _Wish(notice, head.size, style, options)

    def _resolve_styles(self, wishes: list[_Wish], inspection: Inspection, budget: Budget) -> None:
        if not wishes:
            return
        try:
            known = self._bucket.styles()
        except BucketError as failure:
            inspection.failures |= {wish.notice.id: failure for wish in wishes}
            return
        asked = {wish.style: _asked(wish.style, known) for wish in wishes}
        blends = [blend for blend in asked.values() if not isinstance(blend, _Refusal)]
        names = {name for blend in blends for name, _ in blend}
        heads = self._heads({name: (known[name], "", "") for name in names}, budget)
        for wish in wishes:
            match self._granted(asked[wish.style], known, heads):
                case _Refusal(code, reason):
                    rejection = Rejection(wish.notice, code, reason, wish.size, wish.style)
                    inspection.rejections.append(rejection)
                case BucketError() as error:
                    inspection.failures[wish.notice.id] = error
                case tuple() as styles:
                    upload = Upload(wish.notice, wish.size, styles, wish.options)
                    inspection.uploads.append(upload)

    def _granted(
        self,
        blend: tuple[Ingredient, ...] | _Refusal,
        known: Mapping[str, str],
        heads: Mapping[str, Head | BucketError | None],
    ) -> tuple[Style, ...] | BucketError | _Refusal:
        """Pin the version of each style of a blend."""
        if isinstance(blend, _Refusal):
            return blend
        styles: list[Style] = []
        for name, weight in blend:
            head = heads[name]
            if isinstance(head, BucketError):
                return head
            if head is None:
                return BucketError(f"style '{name}' went away while it was looked at")
            styles.append(Style(name, self._bucket.name, known[name], head.version_id, weight))
        return tuple(styles)

    def _heads(
        self, objects: Mapping[str, tuple[str, str, str]], budget: Budget
    ) -> dict[str, Head | BucketError | None]:
        """HEAD many objects (key, version, ETag) side by side; what takes too long has failed."""
        calls: dict[str, Future[Head | None]] = {
            name: self._threads.submit(self._bucket.head, key, version_id=version, etag=etag)
            for name, (key, version, etag) in objects.items()
        }
        wait(calls.values(), timeout=budget.remaining)
        return {name: _outcome(call) for name, call in calls.items()}


def _outcome(call: Future[Head | None]) -> Head | BucketError | None:
    if not call.done():
        call.cancel()
        return BucketError("S3 did not answer before the invocation's time ran out")
    try:
        return call.result()
    except BucketError as error:
        return error


def _style_wanted(key: str, metadata: Mapping[str, str]) -> str:
    """Read the style from metadata, else from the key: ``uploads/<style>/<anything>``."""
    if named := _decoded(metadata.get("style", "")).strip():
        return named
    folder, slash, _ = key.removeprefix(UPLOADS_PREFIX).partition("/")
    return folder if slash else ""


def _decoded(value: str) -> str:
    """Undo RFC 2047, in which S3 returns metadata that is not ASCII."""
    if "=?" not in value:
        return value
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError):  # no such encoding: then it is meant as it stands
        return value


def _asked(text: str, known: Mapping[str, str]) -> tuple[Ingredient, ...] | _Refusal:
    """Read what style is meant; a style that is there wins over a blend of the same spelling."""
    if text in known:
        return ((text, 1.0),)
    try:
        blend = read_blend(text)
    except BlendError as error:
        return _Refusal(RejectionCode.BAD_OPTION, str(error))
    for name, _ in blend:
        if name not in known:
            return _Refusal(RejectionCode.UNKNOWN_STYLE, _unknown_style(name, known))
    return blend


def _unknown_style(style: str, known: Mapping[str, str]) -> str:
    if not known:
        return f"style '{style}' is not in styles/, which has no pictures"
    names = sorted(known)
    more = f" and {len(names) - STYLES_NAMED} more" if len(names) > STYLES_NAMED else ""
    return f"style '{style}' is not in styles/: {', '.join(names[:STYLES_NAMED])}{more}"
