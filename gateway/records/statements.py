"""The SQL of one dialect, made once, with positional parameters in the order of the tables' columns."""

import functools
from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.engine import Dialect

from gateway.records.tables import alerts, label_changes, labels, pixels, predictions


class Statements:
    """Text for the driver. `insert` is the dialect's own, which knows what to do about conflicts."""

    def __init__(self, dialect: Dialect, insert: Callable[[Table], Any]) -> None:
        self.dialect, self._make = dialect, insert
        is_postgres = dialect.name == "postgresql"
        self.begin = "BEGIN" if is_postgres else "BEGIN IMMEDIATE"
        alert = self._make(alerts).values(_row(alerts))
        changed = {name: alert.excluded[name] for name in ("resolved_ms", "action")}
        self.put_alert = self._sql(alert.on_conflict_do_update(index_elements=[alerts.c.key], set_=changed))
        self.get_label = self._sql(select(labels.c.label).where(labels.c.id == bindparam("wanted")).with_for_update())
        self.get_change = self._sql(select(label_changes.c.previous).where(label_changes.c.token == bindparam("wanted")))
        given: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("label", "source", "at_ms", "caller", "token")}
        self.update_label = self._sql(update(labels).values(given).where(labels.c.id == bindparam("wanted")))
        oldest = select(predictions.c.id).where(predictions.c.id < bindparam("before")).order_by(predictions.c.id)
        self.oldest = f"{self._sql(oldest)} LIMIT {'%s' if is_postgres else '?'}"
        self.delete_old_alerts = self._sql(delete(alerts).where(alerts.c.resolved_ms < bindparam("before")))
        self.delete_old_pixels = self._sql(delete(pixels).where(pixels.c.at_ms <= bindparam("last")))
        self.delete_predictions_up_to = self._sql(delete(predictions).where(predictions.c.id <= bindparam("last")))
        self.delete_labels_up_to = [self._sql(delete(table).where(table.c.id <= bindparam("last"))) for table in (labels, label_changes)]
        self.insert = functools.cache(self._insert)

    def _insert(self, table: Table, rows: int = 1) -> str:
        """So many rows into a table; those whose key is there are left out."""
        return self._sql(self._make(table).values([_row(table, number) for number in range(rows)]).on_conflict_do_nothing())

    def _sql(self, statement: Any) -> str:
        return str(statement.compile(dialect=self.dialect))


def _row(table: Table, number: int = 0) -> dict[str, Any]:
    return {column.name: bindparam(f"{column.name}_{number}") for column in table.columns}
