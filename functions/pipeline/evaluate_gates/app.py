"""EvaluateGates: measures a bundle anew and says whether it may serve."""

from portfolio_twin.entrypoints.step import step_of
from portfolio_twin.services.pipeline.evaluate_gates import evaluate_gates
from portfolio_twin.settings import StepSettings

lambda_handler = step_of(evaluate_gates, StepSettings)
