"""``CreateExecution``: what flyteadmin checks before it accepts an execution.

Source: flyteadmin ``manager/impl/execution_manager.go`` and
``manager/impl/validation/execution_validator.go``.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import TYPE_CHECKING, Any

from flyteidl.core import execution_pb2, literals_pb2

from local.flyte.api.about import check_domain
from local.flyte.compiler.compiled import what_it_launches
from local.flyte.compiler.literal_types import is_of_type, type_name
from local.flyte.compiler.unsupported import check_execution
from local.flyte.execution.outcomes import failure
from local.flyte.keys import KIND_NAMES, LAUNCH_PLAN, TASK, ExecutionKey
from local.flyte.refusals import invalid_argument
from local.flyte.state.rows import Workflow

if TYPE_CHECKING:
    from local.flyte.compiler.compiled import CompiledWorkflow
    from local.flyte.execution.executor import Executor
    from local.flyte.state.journal import Journal
    from local.flyte.state.registry import Entity, Registry
    from local.flyte.state.rows import ExecutionRow

MAX_NAME = 63
_NAME = re.compile(r"[a-z][a-z\-0-9]*")
# What Kubernetes accepts as the name of a resource (RFC 1123).
_KUBERNETES_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_GENERATED_LENGTH = 20


def launch(
    request: Any, *, registry: Registry, journal: Journal, executor: Executor
) -> ExecutionKey:
    """Accept an execution and start it.

    Parameters
    ----------
    request
        The ``admin.ExecutionCreateRequest``.

    Returns
    -------
    ExecutionKey
        Its name, made up if the request has none.

    Raises
    ------
    Refused
        INVALID_ARGUMENT for a bad name, an unversioned launch plan or wrong inputs, NOT_FOUND
        for an unknown launch plan, ALREADY_EXISTS if the name is taken.
    """
    key = _name(request)
    check_execution(request.spec)
    target = request.spec.launch_plan
    if target.resource_type not in (LAUNCH_PLAN, TASK):
        raise invalid_argument(
            f"an execution needs a launch plan or a task, not a "
            f"{KIND_NAMES.get(target.resource_type, 'thing without type')}"
        )
    entity, workflow = what_it_launches(target, registry)
    given = request.inputs if request.inputs.literals else request.spec.inputs
    inputs = complete_inputs(entity, workflow, given)
    execution = journal.create(key, _merged(request.spec, entity), inputs)
    if _KUBERNETES_NAME.fullmatch(key.name):
        executor.start(execution)
    else:
        _fail_as_kubernetes_would(execution, journal)
    return key


def _name(request: Any) -> ExecutionKey:
    for field in ("project", "domain"):
        if not getattr(request, field):
            raise invalid_argument(f"missing {field}")
    check_domain(request.domain)
    name = request.name or _generated_name()
    # Lower-cased for the check only: what Kubernetes then thinks of it is another matter.
    if len(name) > MAX_NAME or not _NAME.fullmatch(name.lower()):
        raise invalid_argument(
            f"invalid execution name [{name}]: at most {MAX_NAME} letters, digits and hyphens, "
            "a letter first"
        )
    return ExecutionKey(request.project, request.domain, name)


def _generated_name() -> str:
    alphabet = string.ascii_lowercase + string.digits
    return "a" + "".join(secrets.choice(alphabet) for _ in range(_GENERATED_LENGTH - 1))


def _fail_as_kubernetes_would(execution: ExecutionRow, journal: Journal) -> None:
    # flyteadmin answers OK when Kubernetes refuses the resource, and stores a failed execution.
    error = failure(
        "Workflow execution creation failed",
        f"the name [{execution.key.name}] is no name for a Kubernetes resource (RFC 1123)",
        kind=execution_pb2.ExecutionError.SYSTEM,
    )
    journal.update_execution(execution.serial, Workflow.FAILED, error=error.error)


def complete_inputs(entity: Entity, workflow: CompiledWorkflow, given: Any) -> Any:
    """Return all inputs of an execution: given ones, defaults and fixed ones.

    Raises
    ------
    Refused
        INVALID_ARGUMENT if one is unknown, missing, fixed or of the wrong type.
    """
    variables = workflow.template.interface.inputs.variables
    fixed, defaults = {}, {}
    if entity.key.kind == LAUNCH_PLAN:
        fixed = dict(entity.spec.fixed_inputs.literals)
        parameters = entity.spec.default_inputs.parameters
        defaults = {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.HasField("default")
        }
    for name, literal in given.literals.items():
        if name in fixed:
            raise invalid_argument(f"invalid input {name}: the launch plan fixes its value")
        if name not in variables:
            raise invalid_argument(f"invalid input {name}: {entity.key} has no such input")
        if not is_of_type(literal, variables[name].type):
            wanted = type_name(variables[name].type)
            raise invalid_argument(f"invalid {name} input wrong type: expected {wanted}")
    values = {**defaults, **given.literals, **fixed}
    for name in variables:
        if name not in values:
            wanted = type_name(variables[name].type)
            raise invalid_argument(f"{entity.key} needs the input {name} ({wanted})")
    return literals_pb2.LiteralMap(literals=values)


def _merged(spec: Any, entity: Entity) -> Any:
    """Return the execution's spec with what only the launch plan says (MergeIntoExecConfig)."""
    merged = type(spec)()
    merged.CopyFrom(spec)
    merged.ClearField("inputs")
    if entity.key.kind == LAUNCH_PLAN:
        merged.max_parallelism = spec.max_parallelism or entity.spec.max_parallelism
        for field in ("labels", "annotations", "envs", "raw_output_data_config"):
            if not spec.HasField(field) or not getattr(spec, field).ByteSize():
                getattr(merged, field).CopyFrom(getattr(entity.spec, field))
    return merged
