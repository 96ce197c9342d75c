"""What is wrong with a row of a file, in words that its owner can act upon: reason — remedy."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

DATE_REMEDY = "write it as 2026-01-31T12:00:00Z"
UNIT_REMEDY = "check the unit: dollars, square feet, degrees, fractions instead of per cent"
WHOLE = "is not a whole number — write digits only, as in 1987"
# pydantic's error type, or its beginning → what is wrong with the value. Only what a row of text can run into.
REASONS: Mapping[str, str] = {
    "float_parsing": "is not a number — write digits only, as in 425000 or 0.065, or nothing when it is unknown",
    "int_type": WHOLE,
    "int_from_float": WHOLE,
    "bool_type": "is neither true nor false — write true, false, or nothing when it is unknown",
    "finite_number": "is not a finite number — leave it empty when it is unknown",
    "less_than_equal": f"is more than {{le}} — {UNIT_REMEDY}",
    "greater_than_equal": f"is less than {{ge}} — {UNIT_REMEDY}",
    "literal_error": "is none of {expected} — use one of these",
    "string_too_short": "is empty — every row needs one",
    "string_too_long": "is too long — shorten it to {max_length} characters",
    "string_pattern_mismatch": "has a control character in it — remove it",
    "string_unicode": "is no valid text — write it in UTF-8",
    "string_type": "is neither text, number, true nor false — flatten it",
    "too_long": "are too many — keep {max_length}",
    "dict_type": 'is no JSON object — write it as {{"name": value}}',
    "timezone_aware": f"has no time or no time zone — {DATE_REMEDY}",
    "datetime": f"is not a date — {DATE_REMEDY}",
    "value_error": "is refused: {error} — check the date, and the clock and the time zone of its source",
    "missing": "is missing — every row needs one",
}
SHOWN_CHARACTERS = 40


def reason_of(error: ValidationError) -> str:
    """One reason per field; where a value may be one of several types, that of the last of them."""
    faults = {_field(fault): fault for fault in error.errors(include_url=False)}
    return "; ".join(_reason(field, fault) for field, fault in faults.items())


def _field(fault: ErrorDetails) -> str:
    names = [str(part) for part in fault["loc"]]
    if names[0] == "field_confidence":
        return f"confidence.{names[1]}"  # as the file's column is named
    return ".".join(names[:2] if names[0] == "attributes" else names[:1])


def _reason(field: str, fault: ErrorDetails) -> str:
    kind, limits = fault["type"], fault.get("ctx", {})
    reason = REASONS.get(kind) or (
        REASONS["datetime"] if kind.startswith("datetime") else f"is refused: {fault['msg']}"
    )
    shown = "" if isinstance(fault["input"], dict) else f"{_shorten(fault['input'])} "
    limits = {name: f"{limit:g}" if isinstance(limit, float) else limit for name, limit in limits.items()}
    return f"{field}: {shown}{reason.format(**limits)}"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
