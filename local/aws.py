"""Access to an AWS API at an address of its own: endpoint, keys and the certificate to trust."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True)
class Aws:
    """One caller of one AWS API; the clients are made when first asked for."""

    endpoint_url: str
    ca_bundle: Path
    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    region: str = "us-east-1"

    def environment(self) -> dict[str, str]:
        """Variables that make any SDK in a child process call the same API as the same caller."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            # Without this an SDK that lacks a key asks the cloud's own network for one.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return variables | ({"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {})

    @cached_property
    def s3(self) -> S3Client:
        """Amazon S3."""
        return self._session.client("s3", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def sqs(self) -> SQSClient:
        """Amazon SQS."""
        return self._session.client("sqs", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Amazon DynamoDB."""
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """AWS CloudFormation."""
        return self._session.client(
            "cloudformation", endpoint_url=self.endpoint_url, verify=self._verify
        )

    @cached_property
    def iam(self) -> IAMClient:
        """AWS IAM."""
        return self._session.client("iam", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def sts(self) -> STSClient:
        """AWS STS."""
        return self._session.client("sts", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def functions(self) -> LambdaClient:
        """AWS Lambda, whose own name is a keyword."""
        return self._session.client("lambda", endpoint_url=self.endpoint_url, verify=self._verify)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Amazon CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self.endpoint_url, verify=self._verify)

    @property
    def _verify(self) -> str:
        return str(self.ca_bundle)

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token or None,
            region_name=self.region,
        )
