"""Writes wholes, each whole or not at all, and leaves those alone that are there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from exchange.archive.layout import FAMILY_OF, Family, references
from exchange.archive.loading import LateReference, Loading, find_ids, refer
from exchange.archive.read_lines import ArchivedRow
from exchange.archive.refusals import RefusedError
from exchange.archive.verification import find_fault
from exchange.archive.whole import Fingerprint, Whole, telling_columns
from models import Agent
from resolvers.identifiers import PREFIXES, table_of

_SHARED = FAMILY_OF[table_of(Agent)]
"""Wholes that many others refer to: of one that is there, what it lacks is added."""
_ACTIVE = """
    SELECT agent_id FROM agent_versions
    WHERE project_id = $1 AND agent_id = ANY($2) AND is_active"""


class WholeWriter:
    """Writes wholes of one family at a time: `write`, or `begin`, `add` and `finish` for pieces."""

    def __init__(self, driver: Any, project_id: int) -> None:
        self._driver = driver
        self._project_id = project_id
        self._transaction: Any = None
        self._loading = Loading(driver, project_id)
        self._there: dict[UUID, dict[UUID, Fingerprint]] = {}
        self.late: list[LateReference] = []
        """References between wholes of a family, whose other row may still come."""
        self.emptied = 0
        """References to rows that are not there and cannot come."""

    async def write(self, wholes: Sequence[Whole]) -> None:
        """Write wholes together; where one is refused, each by itself."""
        try:
            await self.begin(wholes)
            await self.add(wholes)
            await self.finish(wholes)
        except RefusedError as error:
            await self.take_back()
            if len(wholes) == 1:
                wholes[0].refuse(error.reason, error.line)
            else:
                for whole in wholes:
                    await self.write([whole])

    async def begin(self, wholes: Sequence[Whole]) -> None:
        """Begin a transaction, and find out which wholes are there."""
        self._transaction = self._driver.transaction()
        await self._transaction.start()
        await self._driver.execute("SET LOCAL statement_timeout = 0")
        self._loading = Loading(self._driver, self._project_id)
        self._there = await self._find(wholes[0].family, [whole.id for whole in wholes])

    async def add(self, wholes: Sequence[Whole]) -> None:
        """Write those rows of wholes that were read until now. Raises `RefusedError`."""
        rows: list[ArchivedRow] = []
        for whole in wholes:
            if whole.id not in self._there:
                rows += whole.rows
            elif whole.family is _SHARED:
                rows += await self._lacking(whole)
            else:
                self._keep_in_mind(whole)
        await self._loading.add(rows)

    async def finish(self, wholes: Sequence[Whole]) -> None:
        """Commit wholes that are read to their ends. Raises `RefusedError`."""
        family = wholes[0].family
        new = [whole for whole in wholes if whole.id not in self._there]
        left = await refer(self._driver, self._project_id, self._loading.late)
        fault = await find_fault(
            self._driver, self._project_id, family, [whole.id for whole in new]
        )
        if fault is not None:
            raise RefusedError(fault)
        await self._transaction.commit()
        self._transaction = None
        for whole in wholes:
            self._judge(whole)
        coming = [each for each in left if _target(each) in family.tables]
        self.late += coming
        self.emptied += len(left) - len(coming)

    async def take_back(self) -> None:
        """Take back what was written since `begin`."""
        if self._transaction is not None:
            await self._transaction.rollback()
            self._transaction = None

    async def settle(self) -> None:
        """Fill the references that wait for rows which have come since."""
        async with self._driver.transaction():
            left = await refer(self._driver, self._project_id, self.late)
        self.emptied += len(left)
        self.late = []

    def _judge(self, whole: Whole) -> None:
        there = self._there.get(whole.id)
        whole.is_new = there is None
        if there is None or there == whole.fingerprints:
            return
        if whole.family is _SHARED:
            whole.note = "It is there in another state, and stays as it is."
        else:
            whole.refuse(f"There is another state of this {_describe(whole.family.root)} already.")

    async def _find(
        self, family: Family, ids: Sequence[UUID]
    ) -> dict[UUID, dict[UUID, Fingerprint]]:
        names = telling_columns(family.root)
        rows = await self._driver.fetch(
            f"SELECT {family.key.name}, id, {', '.join(names)} FROM {family.root.name}"  # noqa: S608  names of the models
            f" WHERE project_id = $1 AND {family.key.name} = ANY($2)",
            self._project_id,
            ids,
        )
        found: dict[UUID, dict[UUID, Fingerprint]] = {}
        for whole, row, *told in rows:
            found.setdefault(whole, {})[row] = tuple(told)
        return found

    async def _lacking(self, whole: Whole) -> list[ArchivedRow]:
        """Give the rows of an agent that is there which are not; its active version stays so."""
        there: set[UUID] = set()
        for table in whole.family.tables:
            ids = [row.id for row in whole.rows if row.table is table]
            there |= await find_ids(self._driver, self._project_id, table, ids)
        lacking = [row for row in whole.rows if row.id not in there]
        active = [row for row in lacking if row.values.get("is_active")]
        if active and await self._driver.fetch(_ACTIVE, self._project_id, [whole.id]):
            for row in active:
                row.values = {**row.values, "is_active": False}
        return lacking

    def _keep_in_mind(self, whole: Whole) -> None:
        """Remember where rows of a whole that is there refer to others that may not be yet."""
        for row in whole.rows:
            for column, reference in references(row.table).items():
                target = row.values.get(column)
                is_tree = reference.target in whole.family.tables and not reference.goes_with
                if target is None or not is_tree or whole.owns(target):
                    continue
                if reference.is_late or reference.target is whole.family.root:
                    self.late.append(LateReference(row.table, column, row.id, target))


def _target(late: LateReference) -> Table:
    return references(late.table)[late.column].target


def _describe(table: Table) -> str:
    return PREFIXES[table].replace("_", " ")
