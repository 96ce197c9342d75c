"""How widely the investors of a market buy and how they look: the knobs that make a market easy or hard to learn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """What nobody does (a share of 0, None) is not drawn either."""

    anywhere: float  # share of the buy boxes without any hot spot
    second_spot: float  # share of the others with two
    budget_half_width: float  # of a buy box, in log price: .5 is about half to one and a half times its middle
    other_types: tuple[float, float] | None  # Beta: how well a wrong type fits, 1 as a right one; None: not at all
    activity_spread: float  # standard deviation of the log of the views
    session_views: float  # in one sitting, about
    crispness: float  # how soon a match fades outside the box
    interactions_per_view: float  # measured: how much a view leads to


NARROW_BOXES = Habits(
    anywhere=0.0,
    second_spot=0.25,
    budget_half_width=0.5,
    other_types=None,
    activity_spread=0.5,
    session_views=3.0,
    crispness=2.0,
    interactions_per_view=2.04,
)

# So set that `tests.benchmarks.realism` comes near to its figures for Baltimore's tax-sale investors, who …
LIKE_BALTIMORES = Habits(
    anywhere=0.5,  # … buy further apart than by chance over the map, a quarter of them
    second_spot=0.5,  # … buy next to an earlier purchase, yet far from the last one
    budget_half_width=0.85,  # … spread their prices over .6 of the catalogue's spread
    other_types=(6.0, 1.0),  # … hardly ever keep to one category
    activity_spread=1.0,  # … buy once, a third of them, and a few dozens of times
    session_views=5.0,  # … buy on two days a year; here half of the deals follow another within a week
    crispness=3.0,  # with boxes so wide, at 2 the best ten are hard to tell apart
    interactions_per_view=1.95,
)
