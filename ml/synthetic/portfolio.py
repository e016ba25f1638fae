"""Puts the parts together: from a configuration to every table that the two source systems deliver."""

import numpy as np
import pandas as pd

from ml.synthetic.accounts import accounts_table, holders_table, make_accounts, number_accounts
from ml.synthetic.bureau import bureau_table
from ml.synthetic.config import IntArray, SampleConfig
from ml.synthetic.crm import crm_tables
from ml.synthetic.income_and_bills import make_regular
from ml.synthetic.ledger import balances_table, book, credit_limits, opening_balances, transactions_table
from ml.synthetic.lending import Lending, instalments_table, loans_table, make_lending, outcomes_table
from ml.synthetic.people import customers_table, make_people, make_stress
from ml.synthetic.reference import districts, merchants
from ml.synthetic.spending import make_occasional, make_purchases

# Whole cents until the very end, so that balances add up exactly.
_CENTS = {
    "transactions": ["amount", "balance_after"],
    "account_balances": ["balance"],
    "loans": ["principal", "instalment"],
    "instalments": ["amount_due", "principal_due", "amount_paid"],
    "bureau": ["total_debt"],
}


def generate(config: SampleConfig) -> dict[str, pd.DataFrame]:
    """Make the sample portfolio.

    Returns
    -------
    dict of DataFrame
        Tables by name, as the sources deliver them. Amounts of money are in cents where the source has cents
        (``amounts_in_cents`` names the columns); ``write_landing`` writes them as dollars.
    """
    people = make_people(config)
    lending = make_lending(config, people, make_stress(config))
    accounts, loan_rows = _all_accounts(config, people, lending)
    rows = _rows_by_product(config, accounts)

    regular = make_regular(config, people, lending, rows)
    occasional = make_occasional(config, people, lending.stress, rows)
    other = pd.concat([regular, occasional], ignore_index=True)
    purchases = make_purchases(config, people, lending.stress, rows, other)
    everything = pd.concat([other, purchases], ignore_index=True)
    booked = book(config, accounts, everything, people["joined_day"].to_numpy())
    opening = opening_balances(config, accounts, booked, people, lending.stress)
    accounts["credit_limit"] = credit_limits(accounts, booked, opening, people)

    loan_numbers = accounts["account_no"].to_numpy()[loan_rows]
    settle = rows["Checking Account"][lending.loans["person"]]
    owed = np.bincount(lending.loans["person"], lending.loans["principal"] / 100, config.people)
    crm_people, crm_contacts = crm_tables(config, people, lending.stress, accounts)
    return {
        "districts": districts().drop(columns=["area_code", "postcode", "weight"]),
        "customers": customers_table(people, config),
        "accounts": accounts_table(accounts, people, config),
        "account_holders": holders_table(accounts, people, config),
        "merchants": merchants(),
        "transactions": transactions_table(config, accounts, booked, opening),
        "account_balances": balances_table(config, accounts, booked, opening, lending, loan_rows),
        "loans": loans_table(lending, accounts, loan_rows, settle, config),
        "instalments": instalments_table(lending, loan_numbers, config),
        "loan_outcomes": outcomes_table(lending, loan_numbers, config),
        "bureau": bureau_table(config, people, lending.stress, owed),
        "crm_people": crm_people,
        "crm_contacts": crm_contacts,
    }


def amounts_in_cents(table: str) -> list[str]:
    """Columns of a table that ``generate`` gives in cents."""
    return _CENTS.get(table, [])


def _all_accounts(config: SampleConfig, people: pd.DataFrame, lending: Lending) -> tuple[pd.DataFrame, IntArray]:
    """All accounts with numbers, and each loan's row among them."""
    own = make_accounts(config, people).assign(loan=-1)
    loans = lending.loans
    of_loans = pd.DataFrame(
        {"person": loans["person"], "product": loans["product"], "opened_day": loans["granted_day"]}
    )
    accounts = number_accounts(pd.concat([own, of_loans.assign(loan=loans.index)], ignore_index=True))
    loan_rows = np.empty(len(loans), dtype=np.int64)
    is_loan = accounts["loan"] >= 0
    loan_rows[accounts.loc[is_loan, "loan"]] = np.flatnonzero(is_loan)
    return accounts.drop(columns="loan"), loan_rows


def _rows_by_product(config: SampleConfig, accounts: pd.DataFrame) -> dict[str, IntArray]:
    """For each product the row of every person's account, -1 where there is none."""
    rows: dict[str, IntArray] = {}
    for product, held in accounts.groupby("product"):
        row = np.full(config.people, -1, dtype=np.int64)
        row[held["person"]] = held.index
        rows[str(product)] = row
    return rows
