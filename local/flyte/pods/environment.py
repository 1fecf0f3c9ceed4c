"""The environment of a pod.

Sources: flyteplugins ``flytek8s/k8s_resource_adds.go``, ``nodes/array/execution_context.go``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.flyte.pods.leftovers import MARK
from local.flyte.state.rows import NO_ITEM

if TYPE_CHECKING:
    from local.flyte.keys import ExecutionKey

_ARRAY_INDEX = "FLYTE_K8S_ARRAY_INDEX"


def pod_environment(
    *,
    data_dir: Path,
    code: Path,
    root: Path,
    execution: ExecutionKey,
    spec: Any,
    workflow: str,
    template: Any,
    item: int,
    attempt: int,
) -> dict[str, str]:
    """Return the complete environment of one attempt.

    The server's own environment stands for the one of the container image; then, each above
    the one before: the task's variables, Flyte's, the execution's.

    Parameters
    ----------
    data_dir, code, root
        The server's data directory; the folder that stands for the code baked into an image;
        the pod's working directory, which fast registration fills and which comes first.
    execution, spec
        The execution's key and its ``admin.ExecutionSpec``.
    workflow
        The workflow's name.
    template
        The ``core.TaskTemplate``.
    item, attempt
        The item of a map task (or `NO_ITEM`), and the attempt's number.
    """
    inherited = dict(os.environ)
    python_path = [str(root), str(code), inherited.get("PYTHONPATH", "")]
    task = template.id
    flyte = {
        MARK: str(data_dir),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(filter(None, python_path)),
        "PYTHONUNBUFFERED": "1",
        "FLYTE_INTERNAL_EXECUTION_ID": execution.name,
        "FLYTE_INTERNAL_EXECUTION_PROJECT": execution.project,
        "FLYTE_INTERNAL_EXECUTION_DOMAIN": execution.domain,
        "FLYTE_INTERNAL_EXECUTION_WORKFLOW": workflow,
        "FLYTE_INTERNAL_TASK_PROJECT": task.project,
        "FLYTE_INTERNAL_TASK_DOMAIN": task.domain,
        "FLYTE_INTERNAL_TASK_NAME": task.name,
        "FLYTE_INTERNAL_TASK_VERSION": task.version,
        "FLYTE_ATTEMPT_NUMBER": str(attempt),
    }
    if item != NO_ITEM:
        flyte |= {"BATCH_JOB_ARRAY_INDEX_VAR_NAME": _ARRAY_INDEX, _ARRAY_INDEX: str(item)}
    of_task = {pair.key: pair.value for pair in template.container.env}
    of_execution = {pair.key: pair.value for pair in spec.envs.values}
    return inherited | of_task | flyte | of_execution
