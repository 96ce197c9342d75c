"""What schemathesis is told: rules that no JSON Schema can state, which the descriptions state instead."""

from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData, UseAfterFree

UNSTATED = (
    "min is greater than max",
    "filters and buy_box both narrow",
    "location.lat: Field required",
    "location.lon: Field required",
    "location.radius_km: Field required",
    "cursor and skip both say where to begin",
    "buy_box: state filters with it",
    "cursor: it is not one that an answer gave",
    "cursor: it belongs to another question",
    "give either property_features or property_id",
    "give an embedding, or ids as positive",
    "the examples cancel each other out",
    "field_confidence: the property states no",
    "this idempotency key was used for another body",
)


@schemathesis.hook
def filter_failure(context: schemathesis.HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Keeps every failure but the refusal of a request that breaks one of these rules, by its very words."""
    if isinstance(failure, EnsureResourceAvailability | UseAfterFree) and case.path.startswith("/investors/"):
        return False  # nobody is unknown: who was erased is as one who has done nothing
    refused = isinstance(failure, RejectedPositiveData) and response.status_code == 422
    return not (refused and any(rule in response.text for rule in UNSTATED))
