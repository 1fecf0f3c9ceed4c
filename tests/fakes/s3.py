"""A bucket in memory, with versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws_errors import client_error, fault_error
from tests.fakes.faults import Faults


@dataclass
class FakeObject:
    """One version of an object."""

    size: int = 1000
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = "9b2cf535f27731c974343645a3985328"


class FakeS3:
    """Stands where boto3's client does."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.objects: dict[str, dict[str, FakeObject]] = {}  # key -> version id -> object

    def put(self, key: str, version_id: str = "v1", **attributes: Any) -> None:
        """Put an object; the last version put is the current one."""
        self.objects.setdefault(key, {})[version_id] = FakeObject(**attributes)

    def head_object(self, **request: Any) -> dict[str, Any]:
        def head() -> dict[str, Any]:
            versions = self.objects.get(request["Key"], {})
            version_id = request.get("VersionId") or (list(versions) or [""])[-1]
            if version_id not in versions:
                raise client_error("404", "HeadObject", 404)
            found = versions[version_id]
            if request.get("IfMatch", found.etag) != found.etag:
                raise client_error("412", "HeadObject", 412)
            return {
                "ContentLength": found.size,
                "VersionId": version_id,
                "Metadata": found.metadata,
            }

        return self.faults.strike(
            "HeadObject", head, lambda fault: fault_error(fault, "HeadObject")
        )

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        def list_page() -> dict[str, Any]:
            found = sorted(
                key
                for key in self.objects
                if key.startswith(request["Prefix"])
                and "/" not in key.removeprefix(request["Prefix"])
            )
            first = int(request.get("ContinuationToken", 0))
            page: dict[str, Any] = {"Contents": [{"Key": key} for key in found[first : first + 2]]}
            if first + 2 < len(found):
                page["NextContinuationToken"] = str(first + 2)
            return page

        return self.faults.strike(
            "ListObjectsV2", list_page, lambda fault: fault_error(fault, "ListObjectsV2")
        )
