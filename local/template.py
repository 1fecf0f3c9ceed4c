"""The template, read and made fit for a machine without Docker.

MiniStack runs image functions with Docker only. Without Docker the template's image functions are
turned into Zip functions. And MiniStack's CloudFormation knows no alarms on metric math: such an
alarm watches its first metric there, to have its name and address. Nothing else changes.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

from local.packaging import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from local.packaging import Package

TEMPLATE = ROOT / "infra" / "sam-template.yaml"


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """Read a template in YAML; short intrinsics (``!Ref``) come out in their long form."""
    return dict(yaml.load(path.read_text(), _TemplateLoader))  # noqa: S506  (a SafeLoader)


def as_zip_functions(
    template: dict[str, Any], code: tuple[str, str], package: Package
) -> dict[str, Any]:
    """Return the template with its image functions as Zip functions, and otherwise as it was.

    Parameters
    ----------
    template
        A SAM template.
    code
        Bucket and key of the package's code.
    package
        What the functions consist of; they find its requirements by ``PYTHONPATH``.
    """
    template = copy.deepcopy(template)
    bucket, key = code
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if properties.get("PackageType") != "Image":
            continue
        (handler,) = properties.pop("ImageConfig")["Command"]
        del properties["PackageType"], properties["ImageUri"], resource["Metadata"]
        properties |= {
            "Runtime": package.runtime,
            "Handler": handler,
            "CodeUri": {"Bucket": bucket, "Key": key},
        }
        properties["Environment"]["Variables"]["PYTHONPATH"] = str(package.requirements)
    return template


def with_plain_alarms(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template with alarms of one metric each, and otherwise as it was."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in resource["Properties"]:
            continue
        queries = resource["Properties"].pop("Metrics")
        watched = next(query["MetricStat"] for query in queries if "MetricStat" in query)
        statistic = {"Statistic": watched["Stat"], "Period": watched["Period"]}
        resource["Properties"] |= watched["Metric"] | statistic
    return template


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt":
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_TemplateLoader.add_multi_constructor("!", _intrinsic)
