"""Portfolio Twin as a library: `from portfolio_twin import PortfolioTwin, PropertyFeatures`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portfolio_twin.domain.properties import PropertyFeatures
    from portfolio_twin.library import PortfolioTwin

__all__ = ["PortfolioTwin", "PropertyFeatures"]

HOMES = {"PortfolioTwin": "portfolio_twin.library", "PropertyFeatures": "portfolio_twin.domain.properties"}


def __getattr__(name: str) -> Any:
    """Loaded when first asked for: the Lambda functions import this package without the library's face."""
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(import_module(HOMES[name]), name)
