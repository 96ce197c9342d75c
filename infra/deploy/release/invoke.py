"""Calls a function once and waits: prints its answer, or its error, and then exits 1.

`python infra/deploy/release/invoke.py FUNCTION`
"""

import sys

import boto3
from botocore.config import Config

WAIT_SECONDS = 900  # Lambda's own limit


def main() -> None:
    patient = Config(read_timeout=WAIT_SECONDS, retries={"total_max_attempts": 1})
    functions = boto3.client("lambda", config=patient)
    functions.get_waiter("function_active_v2").wait(FunctionName=sys.argv[1])
    answer = functions.invoke(FunctionName=sys.argv[1], Payload=b"{}")
    text = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        sys.exit(text)
    print(text)


if __name__ == "__main__":
    main()
