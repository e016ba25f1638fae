"""Every anomaly of the truth shows in what is delivered, its look-alikes stay on the innocent side of the line.

The patterns are recomputed from the delivered tables alone; of the truth only the cases, who is who and which family
somebody belongs to are asked. Each ``crossing_*`` draws the line that makes an anomaly of what its look-alikes share.
"""

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.synthetic.world import WorldConfig
from ml.synthetic.world.timeline import make_timeline

UNTIL = dt.date(2026, 9, 30)
KINDS = (
    "account_shared_across_households",
    "cash_out_within_48h",
    "concentration_in_family",
    "declared_vs_observed_income",
    "dormant_account_woken_by_benefit",
    "duplicate_benefit_in_cycle",
    "eligible_by_rule_and_unpaid",
    "household_change_before_cut_off",
    "paid_after_death",
    "phone_shared_across_households",
    "ring_of_newly_linked_applicants",
)
HOUSEHOLD_SCHEMES = {"SCH_FOOD", "SCH_CHILD", "SCH_RENT", "SCH_ENERGY", "SCH_SCHOOL"}
Day = pd.Timestamp


def days(number: int) -> pd.Timedelta:
    return pd.Timedelta(days=number)


class Delivered:
    """The tables of a world, with what follows from them without any doubt."""

    def __init__(self, world: dict[str, pd.DataFrame]) -> None:
        self.world = world
        self.versions = world["benefit_registry.beneficiaries"].sort_values(["beneficiary_no", "updated_on"])
        self.anomalies = world["truth.anomalies"]
        events = world["benefit_registry.benefit_events"]
        self.paid = events[events["status"] == "PAID"].sort_values("paid_on")
        self.events = events
        self.end = Day(UNTIL)

    def cases(self, kind: str, injected: bool) -> pd.DataFrame:
        rows = self.anomalies[(self.anomalies["kind"] == kind) & (self.anomalies["is_injected"] == injected)]
        assert len(rows), f"the world has no {'injected' if injected else 'innocent'} {kind}"
        return rows

    def as_of(self, day: Day) -> pd.DataFrame:
        noted = self.versions[self.versions["updated_on"] <= day]
        return noted.drop_duplicates("beneficiary_no", keep="last").set_index("beneficiary_no")

    def at(self, rows: pd.DataFrame, on: str) -> pd.DataFrame:
        """Each row with the version of its beneficiary of the day ``on``."""
        noted = self.versions.rename(columns={"updated_on": on})
        return pd.merge_asof(rows.sort_values(on), noted.sort_values(on), on=on, by="beneficiary_no")

    @cached_property
    def death_of(self) -> pd.Series:
        deaths = self.world["benefit_registry.deaths"]
        by_ssn = self.versions.dropna(subset=["ssn"]).drop_duplicates("ssn").set_index("ssn")["beneficiary_no"]
        number = deaths["beneficiary_no"].fillna(deaths["ssn"].map(by_ssn))
        return pd.Series(deaths["death_date"].to_numpy(), index=number).dropna()

    @cached_property
    def customer_of(self) -> pd.Series:
        records = self.world["truth.records"]
        number = records[records["source"] == "core_banking"].set_index("person")["record_no"]
        registry = records[records["source"] == "benefit_registry"]
        return registry.set_index("record_no")["person"].map(number)

    @cached_property
    def transactions(self) -> pd.DataFrame:
        rows = self.world["core_banking.transactions"]
        rows = rows[rows["status"] == "BOOKED"]
        return rows.assign(amount=rows["amount"].astype(float))

    def accounts_of(self, beneficiary: int) -> pd.Series:
        holders = self.world["core_banking.account_holders"]
        mine = (holders["role"] == "OWNER") & (holders["customer_no"] == self.customer_of[beneficiary])
        return holders.loc[mine, "account_no"]

    def eligible(self, day: Day) -> set[tuple[int, str]]:
        """Beneficiary and scheme for which all rules hold, as delivered and noted on a day."""
        noted = self.as_of(day)
        noted = noted[~(noted.index.to_series().map(self.death_of) < day)]
        born = noted["birth_date"]
        age = (
            day.year
            - born.dt.year
            - ((born.dt.month > day.month) | (born.dt.month == day.month) & (born.dt.day > day.day))
        )
        income = noted["declared_monthly_income"].astype(float)
        household = noted["household_no"]
        attributes = noted.assign(
            age=age,
            household_income_per_head=income.groupby(household).transform("mean").round(6),
            children_under_18=(age < 18).groupby(household).transform("sum"),
        )
        result = set()
        for scheme, rules in self.world["benefit_registry.scheme_rules"].groupby("scheme_id", observed=True):
            holds = pd.Series(True, index=noted.index)
            for attribute, operator, value in rules[["attribute", "operator", "value"]].to_numpy():
                values = attributes[attribute]
                if operator in ("=", "in"):
                    holds &= values.isin(value.split(","))
                else:
                    holds &= values <= float(value) if operator == "<=" else values >= float(value)
            if scheme in HOUSEHOLD_SCHEMES:
                holds &= noted["relation_to_head"] == "HEAD"
            result |= {(number, scheme) for number in noted.index[holds]}
        return result

    @cached_property
    def eligible_at(self) -> dict[Day, set[tuple[int, str]]]:
        return {day: self.eligible(day) for day in pd.date_range("2025-10-01", UNTIL, freq="MS")}

    def runs_at_once(self, account: int, beneficiaries: list[int], code: str) -> int:
        """Longest run of benefits on an account that were spent by nearly all within 48 hours."""
        rows = self.transactions[self.transactions["account_no"] == account]
        spent = rows[(rows["dr_cr"] == "D") & (rows["txn_code"] == code)]
        amounts = self.paid[self.paid["beneficiary_no"].isin(beneficiaries) & (self.paid["account_no"] == account)]
        best = run = 0
        for paid_on, amount in zip(amounts["paid_on"], amounts["amount"].astype(float), strict=True):
            after = spent[(spent["booked_at"] > paid_on) & (spent["booked_at"] <= paid_on + days(3))]
            credit = rows[(rows["txn_code"] == "BENEFIT") & (rows["booked_at"].dt.normalize() == paid_on)]
            after = after[after["booked_at"] <= credit["booked_at"].max() + pd.Timedelta(hours=48)]
            run = run + 1 if after["amount"].between(0.8 * amount, amount).any() else 0
            best = max(best, run)
        return best


@pytest.fixture(scope="module", params=[20260930, 2])
def data(request: pytest.FixtureRequest, world_of: Callable[..., Any]) -> Delivered:
    return Delivered(world_of(request.param, 2_000, UNTIL))


def numbers(cases: pd.DataFrame) -> set[int]:
    return set(cases["beneficiary_no"])


@pytest.mark.parametrize("people", [2_000, 5_000])
@pytest.mark.parametrize("seed", [1, 3, 20260930])
def test_every_year_has_at_least_as_many_look_alikes_as_injected_cases(seed: int, people: int) -> None:
    config = WorldConfig(seed=seed, people=people, start=dt.date(2025, 10, 1))
    timeline = make_timeline(config, 0)
    cases = timeline.benefits.anomalies(timeline.population).to_pandas()
    year = pd.to_datetime(cases["day"]).dt.to_period("Y-SEP")
    count = cases.groupby([year, "kind", "is_injected"]).size().unstack(fill_value=0)
    assert (count[False] >= count[True]).all(), count
    assert set(cases["kind"]) == set(KINDS)
    assert (count[True].groupby("day").sum() > 0).all(), "a year without any"
    people_of = cases.explode("beneficiary_nos").groupby(["kind", "beneficiary_nos"])["is_injected"].nunique()
    assert (people_of == 1).all(), "somebody is both injected and innocent"


def test_the_first_year_has_every_kind(data: Delivered) -> None:
    injected = data.anomalies[data.anomalies["is_injected"]]
    assert set(KINDS) == set(injected["kind"])
    assert (data.anomalies["day"] <= data.end).all()
    assert (data.anomalies["beneficiary_no"] == data.anomalies["beneficiary_nos"].str[0]).all()


def crossing_duplicate(data: Delivered) -> set[int]:
    times = data.paid.groupby(["beneficiary_no", "scheme_id", "cycle_start"], observed=True).size()
    return set(times[times > 1].index.get_level_values("beneficiary_no"))


def test_only_the_injected_are_paid_twice_in_a_cycle(data: Delivered) -> None:
    kind = "duplicate_benefit_in_cycle"
    assert crossing_duplicate(data) == numbers(data.cases(kind, True))
    key = ["beneficiary_no", "scheme_id", "cycle_start"]
    returned = data.events[data.events["status"] == "RETURNED"]
    again = data.paid.merge(returned[key], on=key)
    assert numbers(data.cases(kind, False)) <= set(again["beneficiary_no"])


def test_only_the_injected_are_paid_for_cycles_after_their_death(data: Delivered) -> None:
    paid = data.paid.assign(death=data.paid["beneficiary_no"].map(data.death_of))
    after = paid[paid["cycle_start"] > paid["death"]]
    injected = data.cases("paid_after_death", True)
    assert set(after["beneficiary_no"]) == numbers(injected) & set(data.death_of.index)
    # The agency learns of a death within three months; by then all is seen.
    old = injected[injected["day"] <= data.end - days(95)]
    assert numbers(old) <= set(after["beneficiary_no"])
    # Exactly the cycles that follow, each scheme's own, once.
    for _, rows in after.groupby(["beneficiary_no", "scheme_id"], observed=True):
        first = rows["death"].iloc[0].to_period("M") + 1
        assert rows["cycle_start"].dt.to_period("M").tolist() == [first + step for step in range(len(rows))]
        assert len(rows) <= 3
        assert (rows["paid_on"] > rows["cycle_start"]).all()
    innocent = numbers(data.cases("paid_after_death", False)) & set(data.death_of.index)
    late = paid[(paid["paid_on"] > paid["death"]) & (paid["cycle_start"] <= paid["death"])]
    assert innocent <= set(late["beneficiary_no"]) - set(after["beneficiary_no"])


def test_only_injected_accounts_are_paid_for_three_households(data: Delivered) -> None:
    kind = "account_shared_across_households"
    paid = data.at(data.paid.dropna(subset=["account_no"]), "paid_on")
    households = paid.groupby("account_no")["household_no"].nunique()
    injected, innocent = data.cases(kind, True), data.cases(kind, False)
    assert set(households[households >= 3].index) == set(injected["account_no"])
    for case in injected.itertuples():
        mine = paid[(paid["account_no"] == case.account_no) & (paid["paid_on"] <= case.day)]
        assert mine[mine["beneficiary_no"].isin(case.beneficiary_nos)]["household_no"].nunique() == 3
    assert (households[innocent["account_no"]] == 2).all()
    family = data.world["truth.people"].set_index("person")["household_no"]
    records = data.world["truth.records"]
    person = records[records["source"] == "benefit_registry"].set_index("record_no")["person"]
    assert all(family[person[list(several)]].nunique() == 1 for several in innocent["beneficiary_nos"])
    assert all(family[person[list(several)]].nunique() == 3 for several in injected["beneficiary_nos"])


def test_the_account_paid_is_the_one_noted_on_the_day(data: Delivered) -> None:
    paid = data.at(data.paid, "paid_on")
    alive = ~(paid["paid_on"] >= paid["beneficiary_no"].map(data.death_of))
    known = paid["account_no"].fillna(0) == paid["payment_account_no"].fillna(0)
    assert known[alive].all()


def crossing_phone(noted: pd.DataFrame) -> set[str]:
    by_phone = noted.dropna(subset=["phone"]).groupby("phone")
    return set(
        by_phone.filter(lambda rows: rows["household_no"].nunique() >= 4 and rows["address"].nunique() >= 4)["phone"]
    )


def test_only_injected_telephones_are_those_of_four_addresses(data: Delivered) -> None:
    kind, noted = "phone_shared_across_households", data.as_of(data.end)
    injected, innocent = data.cases(kind, True), data.cases(kind, False)
    assert crossing_phone(noted) == set(noted.loc[list(numbers(injected)), "phone"])
    for several in innocent["beneficiary_nos"]:
        rows = noted[noted["phone"] == noted.loc[several[0], "phone"]]
        assert set(several) <= set(rows.index)
        assert rows["household_no"].nunique() == len(rows) >= 2
        assert rows["address"].nunique() == rows["city"].nunique() == 1
        homes = data.world["benefit_registry.households"]
        assert homes[homes["household_no"].isin(rows["household_no"])]["address"].nunique() == 1


def shares_of_income(data: Delivered, case: Any) -> tuple[float, float]:
    """What was declared of the pay, and of all that came in, in the three months before the day."""
    rows = data.transactions[data.transactions["account_no"].isin(data.accounts_of(case.beneficiary_no))]
    rows = rows[(rows["dr_cr"] == "C") & (rows["booked_at"] > case.day - days(92)) & (rows["booked_at"] <= case.day)]
    declared = float(data.as_of(case.day).loc[case.beneficiary_no, "declared_monthly_income"])
    pay = rows.loc[rows["txn_code"] == "SALARY", "amount"].sum() / 3
    return declared / max(pay, 1), declared / max(rows["amount"].sum() / 3, 1)


def test_the_injected_declare_less_than_half_of_their_pay(data: Delivered) -> None:
    kind = "declared_vs_observed_income"
    for case in data.cases(kind, True).itertuples():
        assert shares_of_income(data, case)[0] < 0.5
    for case in data.cases(kind, False).itertuples():
        of_pay, of_all = shares_of_income(data, case)
        assert of_pay > 0.5
        assert of_all < 0.7


def household_changes(data: Delivered) -> pd.DataFrame:
    rows = data.versions.assign(before=data.versions.groupby("beneficiary_no")["household_no"].shift())
    rows = rows[rows["before"].notna() & (rows["before"] != rows["household_no"])].copy()
    rows["ends_on"] = rows.groupby("beneficiary_no")["updated_on"].shift(-1)
    rows["returns"] = rows.groupby("beneficiary_no")["household_no"].shift(-1) == rows["before"]
    rows = rows.drop_duplicates("beneficiary_no")
    cut_off = rows["updated_on"] + pd.offsets.MonthBegin(1)
    return rows.assign(
        days_before=(cut_off - rows["updated_on"]).dt.days, lasted=(rows["ends_on"] - rows["updated_on"]).dt.days
    )


def test_only_the_injected_join_just_before_a_cycle_and_leave_after_it(data: Delivered) -> None:
    kind, changes = "household_change_before_cut_off", household_changes(data)
    crossing = changes[(changes["days_before"] <= 14) & changes["returns"] & (changes["lasted"] <= 60)]
    injected, innocent = data.cases(kind, True), data.cases(kind, False)
    assert set(crossing["beneficiary_no"]) >= numbers(injected)
    # Who left on the last days may be in the data before the truth tells.
    assert crossing[~crossing["beneficiary_no"].isin(injected["beneficiary_no"])].empty
    assert numbers(innocent) <= set(changes["beneficiary_no"]) - set(crossing["beneficiary_no"])
    moved = changes[changes["beneficiary_no"].isin(numbers(injected) | numbers(innocent))]
    assert (moved["relation_to_head"] == "OTHER").all()
    homes = data.world["benefit_registry.households"].sort_values("updated_on")
    for change in moved.itertuples():
        versions = homes[(homes["household_no"] == change.household_no) & (homes["updated_on"] <= change.updated_on)]
        assert versions["updated_on"].iloc[-1] == change.updated_on
        assert versions["members"].iloc[-1] == versions["members"].iloc[-2] + 1
        assert versions["address"].iloc[-1] == change.address
    for day in pd.date_range("2025-10-01", UNTIL, freq="MS"):
        relations = data.as_of(day).groupby(["household_no", "relation_to_head"], observed=True).size().unstack()
        assert relations["HEAD"].max() == relations["SPOUSE"].max() == 1


def test_only_the_injected_empty_the_account_that_a_benefit_woke(data: Delivered) -> None:
    kind = "dormant_account_woken_by_benefit"
    for injected in (True, False):
        for case in data.cases(kind, injected).itertuples():
            rows = data.transactions[data.transactions["account_no"] == case.account_no].sort_values("booked_at")
            assert rows["txn_code"].iloc[0] == "BENEFIT"
            assert rows["booked_at"].iloc[0] > Day(2026, 1, 1), "not dormant in the data"
            drawn = rows[rows["dr_cr"] == "D"]
            assert bool(len(drawn)) == injected
            assert (data.runs_at_once(case.account_no, [case.beneficiary_no], "CASH_WD") >= 1) == injected


def test_only_the_injected_draw_every_benefit_in_cash(data: Delivered) -> None:
    kind = "cash_out_within_48h"
    for injected in (True, False):
        for case in data.cases(kind, injected).itertuples():
            in_cash, as_rent = (
                data.runs_at_once(case.account_no, [case.beneficiary_no], code) for code in ("CASH_WD", "HOUSING")
            )
            assert (in_cash >= 3) == injected
            assert (as_rent >= 3) != injected


def rings(data: Delivered) -> dict[str, int]:
    """Telephones of four or more who applied within eight days: days since when the last of them has it."""
    asked = data.world["benefit_registry.applications"]
    asked = data.at(asked[asked["decided_on"].isna()].assign(on=lambda rows: rows["applied_on"]), "on")
    result = {}
    first_noted = data.versions.groupby(["phone", "beneficiary_no"])["updated_on"].min()
    for phone, rows in asked.dropna(subset=["phone"]).groupby("phone"):
        for day in rows["on"]:
            week = rows[(rows["on"] >= day) & (rows["on"] <= day + days(8))].drop_duplicates("beneficiary_no")
            if week["household_no"].nunique() >= 4:
                noted = first_noted[phone].reindex(week["beneficiary_no"])
                result[phone] = max(result.get(phone, 0), int((day - noted).dt.days.max()))
    return result


def test_only_the_telephone_of_a_ring_is_new(data: Delivered) -> None:
    kind, noted = "ring_of_newly_linked_applicants", data.as_of(data.end)
    known = rings(data)
    injected, innocent = (
        {noted.loc[number, "phone"] for number in numbers(data.cases(kind, flag))} for flag in (True, False)
    )
    assert {phone for phone, age in known.items() if age <= 30} == injected
    assert {phone for phone, age in known.items() if age > 30} >= innocent
    for several in data.cases(kind, True)["beneficiary_nos"]:
        rows = noted.loc[list(several)]
        assert rows["household_no"].nunique() == rows["address"].nunique() == len(several) >= 4
        accounts = rows["payment_account_no"].dropna()
        assert accounts.is_unique, "otherwise linked"


def test_only_injected_households_draw_six_monthly_schemes(data: Delivered) -> None:
    kind = "concentration_in_family"
    paid = data.paid.assign(
        home=data.paid["beneficiary_no"].map(
            data.versions.drop_duplicates("beneficiary_no").set_index("beneficiary_no")["household_no"]
        ),
        quarter=data.paid["cycle_start"].dt.to_period("Q-SEP"),
        month=data.paid["cycle_start"].dt.to_period("M"),
    )
    a_month = paid.groupby(["home", "month"])["scheme_id"].nunique().groupby("home").max()
    a_quarter = paid.groupby(["home", "quarter"])["scheme_id"].nunique().groupby("home").max()
    assert (a_month[data.cases(kind, True)["household_no"]] >= 6).all()
    assert (a_month[data.cases(kind, False)["household_no"]] < 6).all()
    assert a_quarter[data.cases(kind, False)["household_no"]].between(4, 5).all()


def gaps(data: Delivered, beneficiary: int) -> dict[str, list[Day]]:
    """Monthly cycles not paid although the rules hold, between paid ones, of each scheme."""
    master = data.world["benefit_registry.scheme_master"].set_index("scheme_id")["payment_cycle"]
    mine = data.paid[data.paid["beneficiary_no"] == beneficiary]
    result = {}
    for scheme, rows in mine.groupby("scheme_id", observed=True):
        if master[scheme] == "MONTHLY":
            all_cycles = pd.date_range(rows["cycle_start"].min(), rows["cycle_start"].max(), freq="MS")
            result[str(scheme)] = [
                day
                for day in all_cycles
                if day not in set(rows["cycle_start"]) and (beneficiary, scheme) in data.eligible_at[day]
            ]
    return result


def test_only_the_injected_wait_for_four_cycles_that_the_rules_give_them(data: Delivered) -> None:
    kind = "eligible_by_rule_and_unpaid"
    for case in data.cases(kind, True).itertuples():
        longest = max(gaps(data, case.beneficiary_no).values(), key=len)
        assert len(longest) == 4
        assert longest == list(pd.date_range(longest[0], periods=4, freq="MS"))
        assert longest[-1] < case.day
    for case in data.cases(kind, False).itertuples():
        assert all(len(unpaid) < 4 for unpaid in gaps(data, case.beneficiary_no).values())
        cycles = [day for day in data.eligible_at if day <= case.day][-4:]
        always = set.intersection(*(data.eligible_at[day] for day in cycles))
        may = {scheme for number, scheme in always if number == case.beneficiary_no}
        never_paid = may - set(data.paid.loc[data.paid["beneficiary_no"] == case.beneficiary_no, "scheme_id"])
        asked = data.world["benefit_registry.applications"]
        asked = asked[(asked["beneficiary_no"] == case.beneficiary_no) & (asked["applied_on"] <= case.day)]
        assert never_paid - set(asked["scheme_id"])


def test_nobody_else_is_paid_what_the_rules_do_not_give_on_the_day(data: Delivered) -> None:
    injected = data.anomalies[data.anomalies["is_injected"]]
    excused = {
        number
        for kind in ("concentration_in_family", "paid_after_death")
        for several in injected.loc[injected["kind"] == kind, "beneficiary_nos"]
        for number in several
    }
    paid = data.paid[~data.paid["beneficiary_no"].isin(excused)]
    wrong = [
        (row.beneficiary_no, row.scheme_id, row.cycle_start)
        for row in paid[["beneficiary_no", "scheme_id", "cycle_start"]].itertuples()
        if (row.beneficiary_no, row.scheme_id) not in data.eligible_at[row.cycle_start]
    ]
    # Deaths of which the agency has not heard yet count for the income a head.
    assert len(wrong) <= 0.001 * len(paid), wrong[:20]
    too_old = data.at(paid[paid["scheme_id"] == "SCH_JOB"], "cycle_start")
    assert np.floor((too_old["cycle_start"] - too_old["birth_date"]).dt.days / 365.2425).between(20, 64).all()
