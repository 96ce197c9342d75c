"""The one import, for `twin import`, for files in S3 and for a host's own tables: checked row by row, all or nothing.

Rows stream into temporary tables of the transaction; what is wrong shows before anything is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from portfolio_twin.adapters.files.sheets import open_sheet
from portfolio_twin.adapters.postgres.copy_writes import Added, Staged
from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.domain.csv.checks import (
    KEPT_BAD_ROWS,
    BadRow,
    BadRows,
    CheckedInteractions,
    CheckedProperties,
    is_there_already,
    is_unknown,
)
from portfolio_twin.errors import ImportRefused, UnreadableInput
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles

LISTED_ROWS = 100  # in a message
SKIP = "correct them, or import with --skip-bad-rows, which stores the others"


@dataclass(frozen=True)
class ImportReport:
    """What came of an import, by file where it has several."""

    properties: int  # good rows
    interactions: int
    stored_properties: int  # of them new or changed
    stored_interactions: int
    stored_positives: int  # deals and likes among them
    bad: Mapping[str, BadRows]  # by the file's name: left out
    remarks: Sequence[str] = ()  # on the columns of the properties

    @property
    def changed(self) -> bool:
        return bool(self.stored_properties or self.stored_interactions)

    def summary(self) -> str:
        bad = sum(rows.count for rows in self.bad.values())
        skipped = f"; {bad:,} bad rows left out" if bad else ""
        return (
            f"{self.properties:,} properties ({self.stored_properties:,} new or changed), "
            f"{self.interactions:,} interactions ({self.stored_interactions:,} new){skipped}"
        )


class BadRowsRefused(ImportRefused):
    """Bad rows, where none may be left out or none is good."""

    def __init__(self, bad: Mapping[str, BadRows], *, nothing_good: bool) -> None:
        self.bad = bad
        listed = list_bad_rows(bad)
        count = sum(rows.count for rows in bad.values())
        more = [f"… and {count - LISTED_ROWS:,} more"] if count > LISTED_ROWS else []
        way_out = "a file without one good row cannot be imported" if nothing_good else SKIP
        super().__init__("\n".join([f"{count:,} bad rows, nothing was stored; {way_out}", *listed, *more]))


def list_bad_rows(bad: Mapping[str, BadRows]) -> list[str]:
    """The first of them, as `file:line: reason — remedy`."""
    listed = [f"{name}:{row.line}: {row.reason}" for name, rows in bad.items() for row in rows.listed]
    return listed[:LISTED_ROWS]


def import_data(
    session: TenantSession,
    given: GivenFiles,
    *,
    skip_bad_rows: bool = False,
    checked: Callable[[], object] = lambda: None,
) -> ImportReport:
    """Stores the files, for the caller to commit; raises ImportRefused and has then stored nothing.

    The same files again change nothing. `checked` is called when all is read and sound, before it is stored.
    """
    staged = Staged(session)
    bad = dict[str, BadRows]()
    properties = _stage_properties(staged, given.properties, bad) if given.properties else None
    if given.interactions:
        _stage_interactions(staged, given.interactions, bad)
    good = staged.counts()
    nothing_good = any(file is not None and not rows for file, rows in zip(given, good, strict=False))
    bad = {name: rows for name, rows in bad.items() if rows.count}
    if bad and (not skip_bad_rows or nothing_good):
        raise BadRowsRefused(bad, nothing_good=nothing_good)
    checked()
    changed = staged.store_properties(properties.fields, properties.numeric) if properties else 0
    added = staged.store_interactions() if given.interactions else Added(0, 0)
    return ImportReport(*good, changed, *added, bad, properties.remarks if properties else ())


def _stage_properties(staged: Staged, file: GivenFile, bad: dict[str, BadRows]) -> CheckedProperties:
    try:
        checked = CheckedProperties(open_sheet(file.path, file.reading))
        staged.add_properties(checked.good(), checked.fields, trusts=checked.trusts)
    except UnreadableInput as error:
        raise _unreadable(file, error) from error
    count, repeated = staged.drop_repeated(KEPT_BAD_ROWS)
    checked.bad.extend((BadRow(line, is_there_already(name, first)) for line, name, first in repeated), count)
    bad[file.name] = checked.bad
    return checked


def _stage_interactions(staged: Staged, file: GivenFile, bad: dict[str, BadRows]) -> None:
    try:
        checked = CheckedInteractions(open_sheet(file.path, file.reading))
        staged.add_interactions(checked.good())
    except UnreadableInput as error:
        raise _unreadable(file, error) from error
    count, unknown = staged.drop_unknown(KEPT_BAD_ROWS)
    checked.bad.extend((BadRow(line, is_unknown(name)) for line, name in unknown), count)
    bad[file.name] = checked.bad


def _unreadable(file: GivenFile, error: UnreadableInput) -> ImportRefused:
    return ImportRefused(f"{file.name}: {error}; nothing was stored")
