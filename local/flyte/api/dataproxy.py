"""DataProxyService: where clients put code and inputs, and where they get results.

Source: flyteadmin ``dataproxy/service.go``.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from flyteidl.service import dataproxy_pb2

from local.flyte.api.timestamps import timestamp
from local.flyte.keys import ExecutionKey
from local.flyte.refusals import already_exists, invalid_argument, not_found, unsupported
from local.flyte.state.blobs import OUTPUTS, read_literals
from local.flyte.state.layout import ExecutionLayout

if TYPE_CHECKING:
    from local.flyte.api.blob_server import BlobServer
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.rows import NodeRow

_DEFAULT_SECONDS = 3600.0
_DECK = "deck.html"
_FLYTE_URL = re.compile(
    r"flyte://v1/(?P<project>[^/]+)/(?P<domain>[^/]+)/(?P<name>[^/]+)/(?P<node>[^/]+)"
    r"/(?P<what>[iod])(?:/(?P<var>[^/]+))?"
)


class DataProxyApi:
    """Uploads, decks, and literals by ``flyte://`` address.

    Parameters
    ----------
    runtime
        Where executions are stored.
    blobs
        Serves the signed addresses.
    """

    def __init__(self, runtime: Runtime, blobs: BlobServer) -> None:
        self._runtime = runtime
        self._blobs = blobs

    def create_upload_location(self, request: Any) -> Any:
        """Answer ``CreateUploadLocation``.

        The folder is the content's MD5 in base32 unless the client names one; a place is never
        overwritten with other content (ALREADY_EXISTS).
        """
        if not request.project or not request.domain:
            raise invalid_argument("an upload needs a project and a domain")
        if not request.content_md5 and not request.filename_root:
            raise invalid_argument("an upload needs content_md5 or filename_root")
        root = request.filename_root or base64.b32encode(request.content_md5).decode()
        place = PurePosixPath("uploads", request.project, request.domain, root, request.filename)
        if ".." in place.parts or place.is_absolute():
            raise invalid_argument(f"invalid upload location {place}")
        target = self._blobs.folder / place
        if target.is_file() and _md5(target) != request.content_md5:
            raise already_exists(f"file already exists at location [{place}]")
        seconds = request.expires_in.ToTimedelta().total_seconds() or _DEFAULT_SECONDS
        return dataproxy_pb2.CreateUploadLocationResponse(
            signed_url=self._blobs.signer.sign("PUT", str(place), seconds),
            native_url=str(target),
            expires_at=timestamp(time.time() + seconds),
        )

    def create_download_link(self, request: Any) -> Any:
        """Answer ``CreateDownloadLink`` for the deck of a node."""
        if request.artifact_type != dataproxy_pb2.ARTIFACT_TYPE_DECK:
            raise invalid_argument("only decks have download links")
        node = self._node(
            ExecutionKey.of(request.node_execution_id.execution_id),
            request.node_execution_id.node_id,
        )
        seconds = request.expires_in.ToTimedelta().total_seconds() or _DEFAULT_SECONDS
        url, expires_at = self._deck(node, seconds), timestamp(time.time() + seconds)
        signed = dataproxy_pb2.PreSignedURLs(signed_url=[url], expires_at=expires_at)
        return dataproxy_pb2.CreateDownloadLinkResponse(
            signed_url=[url], expires_at=expires_at, pre_signed_urls=signed
        )

    def get_data(self, request: Any) -> Any:
        """Answer ``GetData`` for a node's inputs, outputs, one of them, or its deck."""
        match = _FLYTE_URL.fullmatch(request.flyte_url)
        if match is None:
            raise unsupported(f"the address {request.flyte_url}")
        key = ExecutionKey(match["project"], match["domain"], match["name"])
        node = self._node(key, match["node"])
        if match["what"] == "d":
            url = self._deck(node, _DEFAULT_SECONDS)
            signed = dataproxy_pb2.PreSignedURLs(
                signed_url=[url], expires_at=timestamp(time.time() + _DEFAULT_SECONDS)
            )
            return dataproxy_pb2.GetDataResponse(pre_signed_urls=signed)
        literals = self._literals(key, node, match["what"])
        if not match["var"]:
            return dataproxy_pb2.GetDataResponse(literal_map=literals)
        if match["var"] not in literals.literals:
            raise not_found(f"{request.flyte_url}: there is no {match['var']}")
        return dataproxy_pb2.GetDataResponse(literal=literals.literals[match["var"]])

    def _node(self, key: ExecutionKey, node_id: str) -> NodeRow:
        row = self._runtime.journal.node(self._runtime.journal.get(key).serial, node_id)
        if row is None:
            raise not_found(f"execution {key} has not reached node {node_id}")
        return row

    def _literals(self, key: ExecutionKey, node: NodeRow, what: str) -> Any:
        if what == "i":
            layout = ExecutionLayout(self._runtime.data_dir, *key)
            return read_literals(layout.inputs(node.node_id))
        if node.output_dir is None:
            raise not_found(f"execution {key}, node {node.node_id} has no outputs yet")
        return read_literals(Path(node.output_dir) / OUTPUTS)

    def _deck(self, node: NodeRow, seconds: float) -> str:
        deck = Path(node.output_dir) / _DECK if node.output_dir else None
        if deck is None or not deck.is_file():
            raise not_found(f"node {node.node_id} has no deck")
        place = deck.relative_to(self._blobs.folder).as_posix()
        return self._blobs.signer.sign("GET", place, seconds)


def _md5(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
