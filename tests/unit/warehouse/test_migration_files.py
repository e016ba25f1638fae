"""sql/ can be applied in the order of its names, for ever."""

import re

from orchestration.settings import MIGRATIONS_DIR
from orchestration.warehouse.migrations import migration_ids


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [int(identifier.split(".")[0]) for identifier in migration_ids(MIGRATIONS_DIR)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_table_and_column_of_a_migration_has_a_comment() -> None:
    for path in sorted(MIGRATIONS_DIR.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for table, body in re.findall(r"create table if not exists (\S+) \((.*?)\n\);", text, re.DOTALL):
            assert f"comment on table {table} is" in text
            columns = [line.split()[0] for line in body.splitlines() if line.strip()]
            names = [name for name in columns if re.fullmatch(r"[a-z_0-9]+", name)]
            for name in set(names) - {"primary", "foreign", "constraint", "unique", "check", "status"}:
                assert f"comment on column {table}.{name} is" in text, f"{path.name}: {table}.{name}"
