"""Groups of a training's rows come from core, as of each row's day, and stay out of the rows themselves."""

import datetime as dt

import pandas as pd

from ml.delinquency.fairness import read_groups
from orchestration.warehouse import Role, Warehouse


def test_groups_are_those_of_the_golden_record_on_the_rows_day(warehouse: Warehouse) -> None:
    people = pd.DataFrame(
        {
            "gr_id": ["b", "a", "a", "nobody"],
            "as_of_date": [dt.date(2026, 6, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 1), dt.date(2026, 6, 1)],
        },
        index=[40, 10, 20, 30],
    )
    with warehouse.connect(Role.ML) as connection:
        assert read_groups(connection, people).columns.tolist() == []
    with warehouse.connect(Role.DBT) as dbt:
        dbt.execute(
            "create table core.golden_records as select * from (values ('a', 'female', date '1996-06-01', 'd1', null), "
            "('b', 'male', null, null, null)) as g (gr_id, sex, birth_date, district_id, region)"
        )
    with warehouse.connect(Role.ML) as connection:
        assert read_groups(connection, people).columns.tolist() == ["sex", "age_band", "district"]
    with warehouse.connect(Role.DBT) as dbt:
        dbt.execute(
            "create table core.income_evidence as select * from (values ('a', 1, true), ('b', 4, null)) "
            "as e (gr_id, household_members_count, is_disabled)"
        )
    with warehouse.connect(Role.ML) as connection:
        found = read_groups(connection, people)
    told = found.astype(object).where(found.notna(), None)
    assert told.index.tolist() == [40, 10, 20, 30]
    assert told["sex"].tolist() == ["male", "female", "female", None]
    # Thirty on the first of June.
    assert told["age_band"].tolist() == [None, "18-29", "30-44", None]
    assert told["district"].tolist() == [None, "d1", "d1", None]
    assert told["household_type"].tolist() == ["three or four", "alone", "alone", None]
    assert told["disability"].tolist() == [None, "yes", "yes", None]
    assert "region" not in told
