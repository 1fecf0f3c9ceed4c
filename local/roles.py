"""Callers with the role of a function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from local.aws import Aws


@contextmanager
def as_role(aws: Aws, role_arn: str) -> Iterator[Aws]:
    """Lend a caller with a function's role, which Lambda alone may take on otherwise.

    Parameters
    ----------
    aws
        A caller who may do everything.
    role_arn
        The role; who may take it on is put back at the end.
    """
    name = role_arn.rpartition("/")[2]
    trust = aws.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    account = aws.sts.get_caller_identity()["Account"]
    root = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(root))
    try:
        keys = aws.sts.assume_role(RoleArn=role_arn, RoleSessionName="nst")["Credentials"]
        yield replace(
            aws,
            access_key_id=keys["AccessKeyId"],
            secret_access_key=keys["SecretAccessKey"],
            session_token=keys["SessionToken"],
        )
    finally:
        aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
