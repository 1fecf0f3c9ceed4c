"""The local Flyte's blob store: uploads, decks, and what signatures allow."""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
from flyteidl.core import identifier_pb2
from flyteidl.service import dataproxy_pb2
from flyteidl.service.dataproxy_pb2_grpc import DataProxyServiceStub
from hypothesis import given
from hypothesis import strategies as st

from local.flyte.api.signed_urls import Signer
from tests.unit.local.flyte_client import STRING, Client, emits, node, text

CONTENT = b"code" * 1000


@pytest.fixture(scope="module")
def proxy(client: Client) -> DataProxyServiceStub:
    return DataProxyServiceStub(client.channel)


def location(proxy: DataProxyServiceStub, content: bytes, **fields: Any) -> Any:
    request = dataproxy_pb2.CreateUploadLocationRequest(
        project="nst",
        domain="development",
        filename="code.tar.gz",
        content_md5=hashlib.md5(content).digest(),
        **fields,
    )
    return proxy.CreateUploadLocation(request)


def put(url: str, content: bytes) -> int:
    md5 = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
    request = urllib.request.Request(url, data=content, method="PUT", headers={"Content-MD5": md5})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_an_upload_lands_where_the_answer_says(proxy: DataProxyServiceStub) -> None:
    # GIVEN an upload location
    where = location(proxy, CONTENT)
    # WHEN the content is put there, twice
    statuses = [put(where.signed_url, CONTENT), put(where.signed_url, CONTENT)]
    # THEN it can be read under its native address
    assert statuses == [200, 200]
    assert Path(where.native_url).read_bytes() == CONTENT


def test_content_with_another_md5_is_not_kept(proxy: DataProxyServiceStub) -> None:
    where = location(proxy, b"other", filename_root="broken")
    assert put(where.signed_url, b"garbage") == 400
    assert not Path(where.native_url).exists()


def test_a_place_is_never_overwritten_with_something_else(proxy: DataProxyServiceStub) -> None:
    # GIVEN a named place with content
    put(location(proxy, CONTENT, filename_root="mine").signed_url, CONTENT)
    # WHEN the same content, and another one, are announced for it
    assert location(proxy, CONTENT, filename_root="mine").signed_url
    with pytest.raises(grpc.RpcError) as refusal:
        location(proxy, b"other", filename_root="mine")
    # THEN only the other one is refused
    assert refusal.value.code() == grpc.StatusCode.ALREADY_EXISTS


@pytest.mark.parametrize("root", ["../../up", "/etc"])
def test_uploads_stay_below_their_folder(proxy: DataProxyServiceStub, root: str) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        location(proxy, CONTENT, filename_root=root)
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_changed_address_is_forbidden(proxy: DataProxyServiceStub) -> None:
    url = location(proxy, CONTENT).signed_url
    assert put(url.replace("code.tar.gz", "other.tar.gz"), CONTENT) == 403
    assert put(url.split("?")[0], CONTENT) == 403


@given(st.text(min_size=1).filter(lambda path: not path.startswith("/")))
def test_signed_addresses_keep_any_path_and_only_their_method(path: str) -> None:
    path = path.encode("utf-8", "replace").decode()
    signer = Signer("http://here")
    target = signer.sign("PUT", path, 60).removeprefix("http://here")
    assert signer.allowed("PUT", target) == path
    assert signer.allowed("GET", target) is None
    assert Signer("http://here").allowed("PUT", target) is None


def test_addresses_expire() -> None:
    signer = Signer("")
    assert signer.allowed("GET", signer.sign("GET", "a", -1)) is None


def test_decks_and_literals_of_a_node_can_be_fetched(
    client: Client, proxy: DataProxyServiceStub
) -> None:
    # GIVEN a node that wrote a deck and an output
    deck = 'echo "<h1>deck</h1>" > "{{.outputPrefix}}/deck.html"; '
    client.task("decked", deck + emits(y=text("out")), outputs={"y": STRING})
    client.workflow("decked", [node("n0", "decked")])
    done = client.wait(client.launch("decked", "nst-deck"))
    # WHEN its deck is asked for
    node_id = identifier_pb2.NodeExecutionIdentifier(node_id="n0", execution_id=done.id)
    link = proxy.CreateDownloadLink(
        dataproxy_pb2.CreateDownloadLinkRequest(
            artifact_type=dataproxy_pb2.ARTIFACT_TYPE_DECK, node_execution_id=node_id
        )
    )
    # THEN the link leads to it
    with urllib.request.urlopen(link.pre_signed_urls.signed_url[0], timeout=5) as response:
        assert b"deck" in response.read()
    # AND its outputs have an address
    url = "flyte://v1/nst/development/nst-deck/n0/o"
    whole = proxy.GetData(dataproxy_pb2.GetDataRequest(flyte_url=url)).literal_map
    one = proxy.GetData(dataproxy_pb2.GetDataRequest(flyte_url=f"{url}/y")).literal
    assert dict(whole.literals) == {"y": one} == {"y": text("out")}
