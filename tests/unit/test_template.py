"""What the template promises, and where it must agree with the code."""

from __future__ import annotations

import re
from dataclasses import fields
from fnmatch import fnmatchcase
from typing import Any

import pytest

from local.deploy import Outputs
from local.template import TEMPLATE as PATH
from local.template import load_template
from services.core.aws import OPERATIONS
from services.core.ledger import IN_FLIGHT_INDEX, MAX_UPLOADS_PER_CLAIM
from services.core.settings import DispatcherSettings, TrackerSettings
from services.tracker.bucket import manifest_key, result_key
from services.tracker.events import Arrivals, read_event
from tests.unit.tracker.test_events import notification

TEMPLATE = load_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = {"DispatcherFunction": DispatcherSettings, "TrackerFunction": TrackerSettings}


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Statements of a role or a policy, those behind a condition included."""
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [properties])]
    found = [statement for document in documents for statement in document["Statement"]]
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in found]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("function", "settings"), FUNCTIONS.items())
def test_a_function_gets_exactly_the_environment_that_it_reads(
    function: str, settings: type[Any]
) -> None:
    # GIVEN what the template sets, and what the function's settings read
    common = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = RESOURCES[function]["Properties"]["Environment"]["Variables"]
    read = {field.name.upper() for field in fields(settings)}

    # THEN they are the same, but for what Powertools and the SDK read themselves
    set_for_us = {name for name in common | own if not name.startswith("POWERTOOLS_")}
    assert set_for_us - {"AWS_ENDPOINT_URL"} == read


def test_a_message_stays_invisible_for_six_timeouts_and_the_longest_window() -> None:
    # AWS: "set the source queue's visibility timeout to at least six times your function timeout,
    # plus the value of MaximumBatchingWindowInSeconds" (Lambda developer guide, SQS).
    timeout = TEMPLATE["Globals"]["Function"]["Timeout"]
    window = TEMPLATE["Parameters"]["BatchingWindowSeconds"]["MaxValue"]

    assert RESOURCES["UploadsQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout + window


def test_dead_letters_outlive_the_queue_they_come_from() -> None:
    # A moved message keeps its first timestamp.
    source, dead = (RESOURCES[name]["Properties"] for name in ("UploadsQueue", "DeadLetterQueue"))

    assert dead["MessageRetentionPeriod"] > 2 * source["MessageRetentionPeriod"]


def test_more_than_ten_messages_in_a_batch_are_always_allowed() -> None:
    # SQS refuses event sources with more than 10 messages and no window.
    assert TEMPLATE["Parameters"]["BatchingWindowSeconds"]["MinValue"] >= 1


def test_a_batch_always_fits_the_transaction_that_claims_it() -> None:
    limit = TEMPLATE["Parameters"]["MaxUploadsPerExecution"]["MaxValue"]

    assert limit <= MAX_UPLOADS_PER_CLAIM


@pytest.mark.parametrize("bucket", of_type("AWS::S3::Bucket"))
def test_a_bucket_is_private_encrypted_versioned_and_kept(bucket: str) -> None:
    resource = RESOURCES[bucket]
    properties = resource["Properties"]

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("kind", "policy_kind", "member"),
    [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
    ],
)
def test_buckets_and_queues_refuse_plain_text(kind: str, policy_kind: str, member: str) -> None:
    # GIVEN the resource policies that deny what does not come over TLS
    refusing = {
        target["Ref"]
        for policy in of_type(policy_kind).values()
        for target in as_list(policy[member])
        for statement in statements(policy)
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    # THEN every bucket and every queue has one
    assert refusing == set(of_type(kind))


def test_the_table_is_what_the_ledger_expects() -> None:
    table = RESOURCES["LedgerTable"]["Properties"]

    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == IN_FLIGHT_INDEX
    assert table["TimeToLiveSpecification"]["AttributeName"] == "expires_at"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def permissions() -> list[Any]:
    owners = of_type("AWS::IAM::Role") | of_type("AWS::IAM::ManagedPolicy")
    return [
        pytest.param(statement, id=f"{owner}-{statement['Sid']}")
        for owner, properties in owners.items()
        for statement in statements(properties)
    ]


@pytest.mark.parametrize("statement", permissions())
def test_a_permission_names_its_actions_and_its_resources(statement: dict[str, Any]) -> None:
    # GIVEN a statement of a role or of the exported policy
    actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])

    # THEN no action is a pattern of several, and every resource that can be named is
    assert not [action for action in actions if "*" in action and action != VISIBILITY]
    if "*" in resources and statement["Effect"] == "Allow":
        assert set(actions) <= NAMELESS


# Actions whose resources have no ARN (AWS, service authorization reference).
NAMELESS = {
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
VISIBILITY = "sqs:ChangeMessageVisibility*"  # matches one action of AWS's
# An operation of the SDK is not always called what its permission is.
PERMISSIONS = {
    "dynamodb:TransactWriteItems": "dynamodb:PutItem",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sqs:ChangeMessageVisibilityBatch": VISIBILITY,
}


def test_the_functions_may_do_all_that_their_code_calls() -> None:
    # GIVEN the operations that the functions' clients have
    called = {f"{service}:{name}" for service, names in OPERATIONS.items() for name in names}

    # WHEN the permissions of the functions' roles are put together
    granted = {
        action
        for role in of_type("AWS::IAM::Role").values()
        for statement in statements(role)
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }

    # THEN none is missing
    assert {PERMISSIONS.get(name, name) for name in called} <= granted


@pytest.mark.parametrize("key", [result_key("one"), manifest_key("one")])
def test_the_tracker_is_told_of_the_records_that_it_reads_and_of_nothing_else(key: str) -> None:
    # GIVEN the key of a record, and that of a picture beside it
    picture = key.rpartition("/")[0] + "/stylized.jpg"

    # WHEN the filters of the bucket's notifications and the tracker's role look at them
    configurations = RESOURCES["ResultsBucket"]["Properties"]["NotificationConfiguration"]
    filters = [
        [rule["Value"] for rule in each["Filter"]["S3Key"]["Rules"]]
        for each in configurations["LambdaConfigurations"]
    ]
    readable = [
        resource["Fn::Sub"].partition("/")[2]
        for statement in statements(RESOURCES["TrackerRole"]["Properties"])
        if statement["Action"] == "s3:GetObject"
        for resource in statement["Resource"]
    ]

    def told(key: str) -> int:
        return sum(key.startswith(prefix) and key.endswith(suffix) for prefix, suffix in filters)

    # THEN the record is announced once, understood and readable, and the picture is not
    assert told(key) == 1
    assert isinstance(read_event(notification(key), "results"), Arrivals)
    assert any(fnmatchcase(key, pattern) for pattern in readable)
    assert told(picture) == 0
    assert not any(fnmatchcase(picture, pattern) for pattern in readable)


def test_the_outputs_are_those_that_scripts_read() -> None:
    told = {name.lower() for name in TEMPLATE["Outputs"]}

    assert told == {field.name.replace("_", "") for field in fields(Outputs)}


def test_every_parameter_says_what_it_is_and_what_it_may_be() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert parameter["Description"], name
        limits = {"AllowedValues", "AllowedPattern", "MinValue", "MinLength"} & set(parameter)
        assert limits or name in ("FlyteClientId", "BaseImage"), name


def test_every_parameter_is_offered_in_a_group() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    offered = [name for group in groups for name in group["Parameters"]]

    assert sorted(offered) == sorted(TEMPLATE["Parameters"])


def test_every_finding_that_is_passed_over_has_a_reason_beside_it() -> None:
    # GIVEN the lines that pass a rule of cfn-lint over, and the checks that Checkov skips
    ignored = re.findall(r"^ +- ([EWI]S?\d{4})(?: # (.+))?$", PATH.read_text(), re.MULTILINE)
    skipped = [
        each
        for resource in RESOURCES.values()
        for each in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]

    # THEN each says why
    assert ignored
    assert skipped
    assert all(reason for _, reason in ignored)
    assert all(each["comment"] for each in skipped)
