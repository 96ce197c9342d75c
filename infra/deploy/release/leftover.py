"""Removes the record of a first deployment that failed, which CloudFormation would not let a second one replace.

`python infra/deploy/release/leftover.py STACK`. Such a stack holds nothing any more: the create took back what it made.
"""

import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError


def remove_failed_create(cloudformation: Any, stack: str) -> bool:
    """Whether there was one."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # there is no such stack
            return False
        raise
    if found["StackStatus"] != "ROLLBACK_COMPLETE":
        return False
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    return True


def main() -> None:
    if remove_failed_create(boto3.client("cloudformation"), sys.argv[1]):
        print(f"removed what was left of the first deployment of {sys.argv[1]}, which had failed", file=sys.stderr)


if __name__ == "__main__":
    main()
