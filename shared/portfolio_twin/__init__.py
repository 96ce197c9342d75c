"""Portfolio Twin as a library: `from portfolio_twin import PortfolioTwin, PropertyFeatures`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portfolio_twin.domain.properties import PropertyFeatures
    from portfolio_twin.library import PortfolioTwin

__all__ = ["PortfolioTwin", "PropertyFeatures"]


def __getattr__(name: str) -> Any:
    """Loaded when first asked for: the Lambda functions import this package without the library's face."""
    if name == "PortfolioTwin":
        from portfolio_twin.library import PortfolioTwin

        return PortfolioTwin
    if name == "PropertyFeatures":
        from portfolio_twin.domain.properties import PropertyFeatures

        return PropertyFeatures
    raise AttributeError(name)
