"""What every test's process needs before a function is imported: an environment that reaches nothing."""

import os

from tests.fakes.metrics import metrics

__all__ = ["metrics"]  # pytest finds the fixture by its name here

os.environ.update(
    BUCKET="test-bucket",
    QDRANT_URL="http://127.0.0.1:1",
    DATABASE_URL="postgresql+pg8000://nobody@127.0.0.1:1/none",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    POWERTOOLS_TRACE_DISABLED="true",
    POWERTOOLS_METRICS_DISABLED="true",
)
