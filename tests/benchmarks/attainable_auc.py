"""What can be learned of default from what a bank sees: a boosted model on ten times the people of the sample.

Label: an instalment due in the next 30 days is unpaid 5 days after its due date; exposures past due are left out.
Features: weekly counts and sums of 13 weeks of transactions, and payments so far; nothing hidden. People of the test
are not those of the training.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.synthetic.calendar import epoch_day, month_of
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.ledger.month import make_ledger_month, opening_balances
from ml.synthetic.world.reference.merchants import CATEGORY_OF, GAMBLING, MERCHANT_NO
from ml.synthetic.world.timeline import Timeline, make_timeline

_WEEKS = 13
_CODES = ("CASH_WD", "APPLOAN_IN", "APPLOAN_OUT", "DD_FAIL", "SALARY", "UTILITY", "CARD", "OWN_OUT", "OWN_IN")


def observed(timeline: Timeline, months: int) -> dict[str, np.ndarray]:
    """Weekly matrices (person, week) of what the transactions show, and the first day of week 0."""
    config, accounts = timeline.config, timeline.accounts
    balances = opening_balances(timeline)
    parts = []
    for month in range(int(month_of(config.start_day)), int(month_of(config.start_day)) + months):
        made = make_ledger_month(timeline, month, balances)
        balances = made.balances
        parts.append(made.transactions.select(["account_no", "_day", "txn_code", "amount", "merchant_no", "booked_at"]))
    rows = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    account = np.searchsorted(accounts.account_no, rows.column("account_no").to_numpy())
    week = (rows.column("_day").to_numpy() - config.start_day) // 7
    people, weeks = timeline.population.people, int(week.max()) + 1
    cell = accounts.owner[account] * weeks + week
    amount = pc.cast(rows.column("amount"), pa.float64()).to_numpy()
    code = np.asarray(pc.cast(rows.column("txn_code"), pa.string()).to_pylist(), dtype="U12")
    merchant = pc.fill_null(rows.column("merchant_no"), 0).to_numpy()
    gambles = np.isin(merchant, MERCHANT_NO[CATEGORY_OF == GAMBLING])

    def matrix(mask: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        values = np.bincount(cell[mask], None if weight is None else weight[mask], people * weeks)
        return values.reshape(people, weeks)

    result = {"gambling": matrix(gambles)}
    for name in _CODES:
        result[f"{name}_count"] = matrix(code == name)
        result[f"{name}_amount"] = matrix(code == name, amount)
    day_of_month = rows.column("booked_at").cast(pa.timestamp("s")).to_numpy().astype("datetime64[D]")
    result["pay_day"] = matrix(code == "SALARY", (day_of_month - day_of_month.astype("datetime64[M]")).astype(float))
    return result


def exposures(timeline: Timeline, weekly: dict[str, np.ndarray], day: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the loans that are not past due on a day."""
    columns, bad, _ = exposures_of_people(timeline, weekly, day)
    return columns, bad


def exposures_of_people(
    timeline: Timeline, weekly: dict[str, np.ndarray], day: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels and borrowers of the loans that are not past due on a day."""
    lending, grants = timeline.lending, timeline.accounts.grants
    past = np.zeros(len(grants.person), dtype=bool)
    past[lending.loan[(lending.due_day <= day) & (lending.paid_day > day)]] = True
    soon = (lending.due_day > day) & (lending.due_day <= day + 30) & ~past[lending.loan]
    loan = np.unique(lending.loan[soon])
    bad = np.isin(loan, lending.loan[soon & (lending.paid_day > lending.due_day + 5)])
    person, end = grants.person[loan], (day - timeline.config.start_day + 1) // 7
    columns = []
    for values in weekly.values():
        window = values[person, end - _WEEKS : end]
        columns += [window.mean(1), window.std(1), window.min(1), window.max(1), window[:, -1], window[:, -4:].mean(1)]
        columns.append(window[:, -4:].mean(1) - window[:, :6].mean(1))
    recent = (lending.paid_day <= day) & (lending.due_day > day - 90)
    late = np.bincount(lending.loan[recent], np.maximum(lending.paid_day - lending.due_day, 0)[recent], len(past))
    columns += [late[loan], day - grants.granted_day[loan], grants.instalment_cents[loan] / 100]
    return np.column_stack(columns), bad, person


def main(people: int = 20_000) -> float:
    """Print the AUC, the base rate and the sizes; return the AUC."""
    import lightgbm as lgb
    from sklearn.metrics import roc_auc_score

    config = WorldConfig(people=people)
    data: dict[bool, list[tuple[np.ndarray, np.ndarray]]] = {True: [], False: []}
    for block in range(config.blocks):
        timeline = make_timeline(config, block)
        weekly = observed(timeline, 10)
        first = epoch_day(config.start) + 7 * _WEEKS - 1
        for day in range(first, first + 7 * 28, 35):
            data[block % 4 == 3].append(exposures(timeline, weekly, day))
    (x, y), (x_test, y_test) = (
        (np.vstack([part[0] for part in data[test]]), np.concatenate([part[1] for part in data[test]]))
        for test in (False, True)
    )
    settings = {"num_leaves": 8, "learning_rate": 0.04, "n_estimators": 300, "min_child_samples": 60}
    model = lgb.LGBMClassifier(**settings, subsample=0.8, subsample_freq=1, colsample_bytree=0.5, verbose=-1, n_jobs=1)
    model.fit(x, y)
    auc = roc_auc_score(y_test, model.predict_proba(x_test)[:, 1])
    print(f"{people:,} people: {len(y):,} exposures learned from, {len(y_test):,} of other people tested")
    print(
        f"missed within 30 days: {y.mean():.3f} and {y_test.mean():.3f}; attainable AUC {auc:.3f} (meant: 0.75 to 0.90)"
    )
    return float(auc)


if __name__ == "__main__":
    main()
