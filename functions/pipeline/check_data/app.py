"""CheckData: takes the tenant's lease, then says whether there is enough sound data to train on."""

from portfolio_twin.entrypoints.step import step_of
from portfolio_twin.services.pipeline.check_data import check_data

lambda_handler = step_of(check_data)
