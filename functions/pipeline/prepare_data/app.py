"""PrepareData: freezes the tenant's data in S3 for one training."""

from portfolio_twin.entrypoints.step import step_of
from portfolio_twin.services.pipeline.prepare_data import prepare_data

lambda_handler = step_of(prepare_data)
