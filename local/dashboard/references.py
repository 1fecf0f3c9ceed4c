"""The template's references, filled in as CloudFormation does, without a stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Resources by the property that names them; all others are called after the stack.
NAMED_BY = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Serverless::Function": "FunctionName",
}
VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class References:
    """Knows what the template's references stand for.

    Parameters
    ----------
    template
        The template, with intrinsics in their long form.
    stack
        Name of the stack.
    known
        What is known better: physical names by logical id, such as a deployed table's.
    """

    def __init__(
        self, template: Mapping[str, Any], *, stack: str = "nst", known: Mapping[str, str] = {}
    ) -> None:
        self._resources = template["Resources"]
        defaults = {
            name: str(parameter["Default"])
            for name, parameter in template["Parameters"].items()
            if "Default" in parameter
        }
        self._values = {
            **defaults,
            "AWS::StackName": stack,
            "AWS::Region": "us-east-1",
            "AWS::AccountId": "000000000000",
            "AWS::Partition": "aws",
            **known,
        }

    def fill_all(self, value: Any) -> Any:
        """Return a piece of the template with its references filled in, however deep they are."""
        match value:
            case {"Ref": str() as name}:
                return self._value(name)
            case {"Fn::GetAtt": [str() as name, str() as attribute]}:
                return self._value(f"{name}.{attribute}")
            case {"Fn::Sub": str()}:
                return self.fill(value)
            case dict():
                return {name: self.fill_all(each) for name, each in value.items()}
            case list():
                return [self.fill_all(each) for each in value]
        return value

    def fill(self, text: str | Mapping[str, str]) -> str:
        """Return a text, or a ``Fn::Sub`` of one, with its variables filled in."""
        text = text if isinstance(text, str) else text["Fn::Sub"]
        return VARIABLE.sub(lambda found: self._variable(found[1], found[2]), text)

    def _variable(self, literal: str, name: str) -> str:
        return f"${{{name}}}" if literal else self._value(name)

    def _value(self, name: str) -> str:
        if name in self._values:
            return self._values[name]
        logical_id, _, attribute = name.partition(".")
        if logical_id not in self._resources:
            message = f"the template has nothing that is called {logical_id}"
            raise KeyError(message)
        physical = self._values.get(logical_id) or self._name(logical_id)
        kind = self._resources[logical_id]["Type"]
        if attribute == "Arn" and kind == "AWS::CloudWatch::Alarm":
            address = "${AWS::Region}:${AWS::AccountId}"
            return self.fill(f"arn:${{AWS::Partition}}:cloudwatch:{address}:alarm:{physical}")
        return physical

    def _name(self, logical_id: str) -> str:
        resource = self._resources[logical_id]
        named_by = NAMED_BY.get(resource["Type"], "")
        if named_by in resource["Properties"]:
            return self.fill(resource["Properties"][named_by])
        return f"{self._values['AWS::StackName']}-{logical_id}"
