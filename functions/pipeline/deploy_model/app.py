"""DeployModel: checks the bundle to the last file and publishes it as a candidate."""

from portfolio_twin.entrypoints.step import step_of
from portfolio_twin.services.pipeline.deploy_model import deploy_model
from portfolio_twin.settings import StepSettings

lambda_handler = step_of(deploy_model, StepSettings)
