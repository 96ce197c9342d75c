"""Whose account and which region `make deploy` goes to: prints the region, or says what is missing and exits 1."""

import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        if not session.region_name:
            sys.exit("no region: set AWS_REGION, or choose a profile that has one with AWS_PROFILE")
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS does not let you in: {error}\nset AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    print(f"deploying to {session.region_name} as {caller['Arn']}", file=sys.stderr)
    print(session.region_name)


if __name__ == "__main__":
    main()
