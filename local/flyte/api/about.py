"""Projects, domains and versions: what FlyteAdmin says about itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flyteidl.admin import project_pb2, version_pb2

from local.flyte.refusals import invalid_argument, not_found

if TYPE_CHECKING:
    from local.flyte.state.registry import Registry

DOMAINS = ("development", "staging", "production")
"""flyteadmin's default ``domains``."""

DEFAULT_PROJECT = "flytesnacks"
"""The project that pyflyte uses if none is named."""


def check_domain(domain: str) -> None:
    """Refuse a domain that FlyteAdmin would not know: INVALID_ARGUMENT."""
    if domain not in DOMAINS:
        raise invalid_argument(
            f"domain [{domain}] is unrecognized by the system; there are {', '.join(DOMAINS)}"
        )


class PlatformApi:
    """RPCs about the control plane. A project exists as soon as somebody registers in it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def get_version(self, _request: Any) -> Any:
        """Answer ``GetVersion`` with the API's version, marked as local."""
        return version_pb2.GetVersionResponse(
            control_plane_version=version_pb2.Version(
                Version=f"v{version('flyteidl')}", Build="local"
            )
        )

    def list_projects(self, _request: Any) -> Any:
        """Answer ``ListProjects``."""
        names = sorted({DEFAULT_PROJECT, *self._registry.projects()})
        return project_pb2.Projects(projects=[_project(name) for name in names])

    def get_project(self, request: Any) -> Any:
        """Answer ``GetProject``."""
        if request.id not in {DEFAULT_PROJECT, *self._registry.projects()}:
            raise not_found(f"project [{request.id}] not found")
        return _project(request.id)

    def get_domains(self, _request: Any) -> Any:
        """Answer ``GetDomains``."""
        return project_pb2.GetDomainsResponse(domains=_domains())


def _domains() -> list[Any]:
    return [project_pb2.Domain(id=domain, name=domain) for domain in DOMAINS]


def _project(name: str) -> Any:
    return project_pb2.Project(id=name, name=name, domains=_domains())
