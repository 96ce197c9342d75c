"""Everything that can go wrong, as one tree. It knows no HTTP: `entrypoints/http_errors.py` has the table of statuses.

TwinError
├── InvalidInput                 the input breaks a rule
│   ├── UnreadableInput          the input cannot be read at all
│   ├── InputTooLarge            the body is larger than a function takes
│   ├── ImportRefused            nothing of an import was stored; the message names file, line, reason, remedy
│   └── IdempotencyConflict      the same key was used for another body
├── Unauthenticated              no verified claims came with the request
├── TenantRequired               the claims name no tenant
├── OperatorRequired             the claims are not those of an operator: twin/admin, and no tenant
├── NotFound                     missing, or another tenant's: the same answer
├── PropertyInUse                it cannot be deleted: investors have acted on it
├── CursorExpired                it goes on with the answer of a model that is not live any more
├── TenantExists                 another tenant has this name or this id
├── TenantBusy                   it cannot be deleted now: a run holds its lease
├── Unavailable                  a dependency is down; try again later
│   ├── DatabaseUnavailable
│   ├── IndexUnavailable
│   ├── RegistryUnavailable
│   └── ModelNotFound            this tenant has no model yet, or it cannot be loaded
├── IndexIncomplete              a reindex left out more than it may
├── BundleRejected               a model bundle failed a check
├── PromotionConflict            somebody else moved live.json first
├── LeaseLost                    another run holds this tenant's lease
└── NoPreviousVersion            there is nothing to roll back to
"""


class TwinError(Exception):
    """Root of every error that this package raises on purpose."""


class InvalidInput(TwinError):
    pass


class UnreadableInput(InvalidInput):
    pass


class InputTooLarge(InvalidInput):
    pass


class ImportRefused(InvalidInput):
    pass


class IdempotencyConflict(InvalidInput):
    pass


class Unauthenticated(TwinError):
    pass


class TenantRequired(TwinError):
    pass


class OperatorRequired(TwinError):
    pass


class NotFound(TwinError):
    pass


class PropertyInUse(TwinError):
    pass


class CursorExpired(TwinError):
    pass


class TenantExists(TwinError):
    pass


class TenantBusy(TwinError):
    pass


class Unavailable(TwinError):
    pass


class DatabaseUnavailable(Unavailable):
    pass


class IndexUnavailable(Unavailable):
    pass


class RegistryUnavailable(Unavailable):
    pass


class ModelNotFound(Unavailable):
    pass


class IndexIncomplete(TwinError):
    pass


class BundleRejected(TwinError):
    pass


class PromotionConflict(TwinError):
    pass


class LeaseLost(TwinError):
    pass


class NoPreviousVersion(TwinError):
    pass
