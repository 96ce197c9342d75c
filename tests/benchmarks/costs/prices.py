"""List prices of AWS in us-east-1, USD, without free tiers, savings plans or tax; read in November 2026."""

from typing import NamedTuple


class Price(NamedTuple):
    usd: float
    of: str
    source: str


PRICES = {
    "gateway_request": Price(1.00 / 1e6, "a request to an HTTP API", "https://aws.amazon.com/api-gateway/pricing/"),
    "lambda_request": Price(0.20 / 1e6, "an invocation", "https://aws.amazon.com/lambda/pricing/"),
    "lambda_gb_s": Price(0.0000133334, "a GB-second of a function on arm64", "https://aws.amazon.com/lambda/pricing/"),
    "log_gb": Price(0.50, "a GB of logs taken in", "https://aws.amazon.com/cloudwatch/pricing/"),
    "fargate_vcpu_h": Price(0.04048, "a vCPU-hour of a container on x86", "https://aws.amazon.com/fargate/pricing/"),
    "fargate_gb_h": Price(0.004445, "a GB-hour of a container on x86", "https://aws.amazon.com/fargate/pricing/"),
    "s3_gb_month": Price(0.023, "a GB kept in S3 for a month", "https://aws.amazon.com/s3/pricing/"),
    "transition": Price(0.025 / 1000, "a state of a machine", "https://aws.amazon.com/step-functions/pricing/"),
}
