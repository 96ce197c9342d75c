"""Three invented metropolises: a dear old harbour town that pays for location, a wide desert one that pays for yield.

The third, a cheap town of row houses, has investors who buy as widely as real ones do: the hard one.
"""

from infra.simulator.habits import LIKE_BALTIMORES, NARROW_BOXES
from infra.simulator.market import MarketConfig, Neighbourhood, Strategy, Window

HARBORVIEW_STRATEGIES = (
    Strategy("triple-decker", 0.24, ("Multi-Family",), 1.25,
        (Window("cap_rate", 0.045, None, 0.005),), ("02803", "02804", "02807"), 2.5),
    Strategy("harbour condo", 0.22, ("Condo", "Townhouse"), 0.95,
        (Window("condition", 0.55, None, 0.08),), ("02801", "02802", "02805"), 2.0),
    Strategy("fixer", 0.22, ("Single Family", "Townhouse", "Multi-Family"), 0.85,
        (Window("condition", None, 0.5, 0.08), Window("value_gap", None, 0.0, 0.08)), ("02804", "02808", "02806"), 3.0),
    Strategy("good schools", 0.24, ("Single Family",), 1.20,
        (Window("school_rating", 6.8, None, 0.5), Window("bedrooms", 2.6, 4.4, 0.3)), ("02809", "02812", "02810"), 3.0),
    Strategy("plots", 0.08, ("Land",), 0.55, (Window("log_lot", 9.0, None, 0.4),), ("02811", "02812"), 6.0),
)  # fmt: skip

HARBORVIEW = MarketConfig(
    name="harborview",
    prefix="HV",
    lat=41.4,
    lon=-71.6,
    price_per_sqft=410.0,
    rent_yield=0.078,
    neighbourhoods=(
        Neighbourhood("02801", 0.0, 0.0, 0.9, 0.45, 1925, 1.00, 6.5),
        Neighbourhood("02802", 1.8, 1.2, 0.8, 0.60, 1910, 0.85, 7.5),
        Neighbourhood("02803", -1.6, 1.0, 0.9, -0.10, 1935, 0.90, 4.0),
        Neighbourhood("02804", -2.2, -1.8, 1.0, -0.35, 1940, 0.75, 3.0),
        Neighbourhood("02805", 2.6, -2.4, 1.1, 0.25, 1950, 0.60, 7.0),
        Neighbourhood("02806", 0.5, 4.2, 1.3, 0.15, 1962, 0.45, 8.0),
        Neighbourhood("02807", -4.8, 2.6, 1.4, -0.30, 1958, 0.45, 4.5),
        Neighbourhood("02808", -5.5, -3.5, 1.6, -0.15, 1975, 0.30, 6.0),
        Neighbourhood("02809", 5.8, 3.4, 1.5, 0.50, 1978, 0.25, 9.0),
        Neighbourhood("02810", -1.0, -6.0, 1.8, 0.00, 1985, 0.25, 7.0),
        Neighbourhood("02811", -9.0, 5.5, 2.4, -0.25, 1996, 0.10, 6.5),
        Neighbourhood("02812", 3.5, 9.5, 2.6, 0.10, 2002, 0.08, 8.5),
    ),
    type_shares={"Single Family": 0.46, "Condo": 0.22, "Townhouse": 0.12, "Multi-Family": 0.14, "Land": 0.06},
    strategies=HARBORVIEW_STRATEGIES,
    attributes=("school_rating", "hoa_fee"),
    habits=NARROW_BOXES,
)

MESA_STRATEGIES = (
    Strategy("rental yield", 0.34, ("Single Family", "Townhouse"), 0.80,
        (Window("cap_rate", 0.060, None, 0.006), Window("bedrooms", 1.6, 4.4, 0.3)), ("85303", "85304", "85307"), 4.0),
    Strategy("new and far out", 0.22, ("Single Family",), 1.15,
        (Window("age", None, 30.0, 6.0), Window("condition", 0.6, None, 0.08)), ("85305", "85309", "85311"), 5.0),
    Strategy("flip", 0.20, ("Single Family", "Condo", "Townhouse"), 0.75,
        (Window("condition", None, 0.6, 0.08), Window("value_gap", None, 0.0, 0.08)), ("85301", "85304", "85306"), 5.0),
    Strategy("fourplex", 0.12, ("Multi-Family",), 1.60,
        (Window("cap_rate", 0.066, None, 0.006),), ("85301", "85303"), 6.0),
    Strategy("desert land", 0.12, ("Land",), 0.50, (Window("log_lot", 9.3, None, 0.4),), ("85310", "85311"), 8.0),
)  # fmt: skip

MESA = MarketConfig(
    name="mesa",
    prefix="MS",
    lat=33.3,
    lon=-111.2,
    price_per_sqft=215.0,
    rent_yield=0.098,
    neighbourhoods=(
        Neighbourhood("85301", 0.0, 0.0, 1.6, 0.10, 1968, 0.90, 5.0),
        Neighbourhood("85302", 4.0, 0.5, 1.8, 0.30, 1985, 0.60, 7.0),
        Neighbourhood("85303", -4.2, -0.8, 1.8, -0.30, 1972, 0.65, 3.5),
        Neighbourhood("85304", 0.8, -5.0, 2.0, -0.20, 1978, 0.50, 4.5),
        Neighbourhood("85305", 8.5, 3.5, 2.4, 0.45, 1998, 0.30, 8.5),
        Neighbourhood("85306", -9.0, 3.0, 2.6, -0.15, 1994, 0.30, 5.5),
        Neighbourhood("85307", -6.5, -8.0, 2.8, -0.35, 1988, 0.25, 4.0),
        Neighbourhood("85308", 6.0, -9.5, 3.0, 0.05, 2004, 0.20, 7.5),
        Neighbourhood("85309", 1.5, 11.0, 3.0, 0.15, 2009, 0.15, 8.0),
        Neighbourhood("85310", -15.0, 9.0, 3.8, -0.25, 2013, 0.05, 6.0),
        Neighbourhood("85311", 16.0, -4.0, 3.8, -0.05, 2016, 0.05, 6.5),
    ),
    type_shares={"Single Family": 0.60, "Condo": 0.10, "Townhouse": 0.11, "Multi-Family": 0.09, "Land": 0.10},
    strategies=MESA_STRATEGIES,
    attributes=("zoning",),
    habits=NARROW_BOXES,
    days_on_market=125.0,
)

CHESAPEAKE_STRATEGIES = (
    Strategy("row-house rental", 0.34, ("Townhouse", "Multi-Family"), 0.85,
        (Window("cap_rate", 0.060, None, 0.006),), ("21703", "21704", "21706", "21707"), 1.5),
    Strategy("shell", 0.26, ("Townhouse", "Single Family"), 0.70,
        (Window("condition", None, 0.5, 0.08), Window("value_gap", None, 0.0, 0.08)), ("21703", "21704", "21708"), 1.5),
    Strategy("waterfront", 0.16, ("Townhouse", "Condo"), 1.50,
        (Window("condition", 0.55, None, 0.08),), ("21701", "21702", "21705"), 1.2),
    Strategy("porch and garden", 0.14, ("Single Family",), 1.45,
        (Window("school_rating", 5.8, None, 0.5), Window("bedrooms", 2.6, 4.4, 0.3)), ("21709", "21710"), 2.5),
    Strategy("vacant lots", 0.10, ("Land",), 0.60, (Window("log_lot", 8.6, None, 0.4),), ("21707", "21708"), 3.0),
)  # fmt: skip

CHESAPEAKE = MarketConfig(
    name="chesapeake",
    prefix="CP",
    lat=38.7,
    lon=-76.4,
    price_per_sqft=150.0,
    rent_yield=0.115,
    neighbourhoods=(
        Neighbourhood("21701", 0.0, -0.5, 0.7, 0.45, 1905, 1.00, 5.5),
        Neighbourhood("21702", 1.8, -1.2, 0.7, 0.60, 1900, 0.90, 6.5),
        Neighbourhood("21703", -2.0, 0.3, 0.9, -0.45, 1910, 0.90, 2.5),
        Neighbourhood("21704", 2.2, 1.5, 0.9, -0.40, 1912, 0.85, 2.5),
        Neighbourhood("21705", -0.8, -2.4, 0.8, 0.30, 1908, 0.80, 5.0),
        Neighbourhood("21706", 0.3, 2.6, 1.0, 0.05, 1915, 0.75, 4.5),
        Neighbourhood("21707", -4.0, 2.4, 1.2, -0.35, 1925, 0.60, 3.0),
        Neighbourhood("21708", -4.6, -1.8, 1.3, -0.30, 1930, 0.55, 3.5),
        Neighbourhood("21709", 0.5, 6.0, 1.4, 0.40, 1938, 0.35, 7.5),
        Neighbourhood("21710", 5.0, 4.6, 1.5, 0.10, 1950, 0.30, 6.0),
    ),
    type_shares={"Single Family": 0.18, "Condo": 0.05, "Townhouse": 0.58, "Multi-Family": 0.10, "Land": 0.09},
    strategies=CHESAPEAKE_STRATEGIES,
    attributes=("zoning",),
    habits=LIKE_BALTIMORES,
    days_on_market=95.0,
)

MARKETS = {market.name: market for market in (HARBORVIEW, MESA, CHESAPEAKE)}
