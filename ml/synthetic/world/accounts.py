"""Which accounts people hold, from when to when, and what lies on them on the first day."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.columns import DAY, codes, dates, days_column, money, numbers, rates
from ml.synthetic.world.config import BLOCK_PEOPLE, FAR, WorldConfig
from ml.synthetic.world.grants import NET_SHARE_OF_INCOME, Grants, make_grants
from ml.synthetic.world.population import Population
from ml.synthetic.world.reference.products import (
    BUSINESS,
    CARD,
    CHECKING,
    HOLDINGS,
    INVESTMENT,
    PREMIUM_CARD,
    PRODUCTS,
    SAVINGS,
)

_ACCOUNTS_A_BLOCK = 20 * BLOCK_PEOPLE  # numbers set aside for each block; no block has as many
_SECOND_HOLDER_SHARE = 0.5  # of the couples in which both are customers: the spouse may use the head's checking account
_DORMANT_SHARE = 0.05  # of the customers of two years: an old savings account that nobody uses
_LATER_SHARE = 0.15  # of the further accounts: opened within the horizon
_CLOSED_A_YEAR = 0.03  # of the savings accounts


@dataclass(frozen=True)
class Accounts:
    """All accounts of the block, also those opened later; in order of their numbers.

    Attributes
    ----------
    owner, product : array of int
        Local person; row of ``PRODUCTS``.
    account_no, opened_day, closed_day : array of int
        ``closed_day`` is the last day with movements, ``FAR`` where it stays open.
    opening_cents : array of int
        Balance at the end of the day before ``start``; 0 where opened later. Cards and loans: what is owed.
    credit_limit_cents : array of int
        0 where there is none.
    second_holder : array of int
        Local person who may use the account, -1 for none; ``second_since`` the first day.
    is_dormant : array of bool
        The holder never uses it.
    checking, savings, card, investment, business, dormant : array of int, shape (people,)
        Row of each person's account, -1 where there is none.
    grants : Grants
        The loans; ``loan_account[i]`` is the account of loan ``i``.
    """

    owner: IntArray
    product: IntArray
    account_no: IntArray
    opened_day: IntArray
    closed_day: IntArray
    opening_cents: IntArray
    credit_limit_cents: IntArray
    second_holder: IntArray
    second_since: IntArray
    is_dormant: BoolArray
    checking: IntArray
    savings: IntArray
    card: IntArray
    investment: IntArray
    business: IntArray
    dormant: IntArray
    grants: Grants
    loan_account: IntArray

    def is_open(self, account: IntArray, day: IntArray | int) -> BoolArray:
        """Whether accounts (rows) take movements on these days."""
        return (self.opened_day[account] <= day) & (day <= self.closed_day[account])


def make_accounts(config: WorldConfig, population: Population) -> Accounts:
    """Deposit, investment, card and loan accounts of the block's customers."""
    rng = config.rng("accounts", population.block)
    start = config.start_day
    customer = np.flatnonzero(population.in_bank)
    since = population.customer_since
    grants = make_grants(config, population)
    owner, product = [customer], [np.full(len(customer), CHECKING)]
    opened, dormant = [since[customer]], [np.zeros(len(customer), dtype=np.bool_)]
    for held, shares in HOLDINGS.items():
        mine = customer[rng.random(len(customer)) < np.array(shares)[population.segment[customer]]]
        before = start - since[mine]
        day = np.where(before > 0, since[mine] + (rng.random(len(mine)) * before).astype(np.int64), since[mine])
        later = start + (rng.random(len(mine)) * (config.horizon_day - start)).astype(np.int64)
        late = rng.random(len(mine)) < _LATER_SHARE
        owner.append(mine)
        product.append(np.full(len(mine), held))
        opened.append(np.where(late, np.maximum(later, since[mine]), day))
        dormant.append(np.zeros(len(mine), dtype=np.bool_))
    old = customer[(since[customer] < start - 730) & (rng.random(len(customer)) < _DORMANT_SHARE)]
    owner += [old, grants.person]
    product += [np.full(len(old), SAVINGS), grants.product]
    opened += [since[old] + rng.integers(0, 300, len(old)), grants.granted_day]
    dormant += [np.ones(len(old), dtype=np.bool_), np.zeros(len(grants.person), dtype=np.bool_)]
    all_owner: IntArray = np.concatenate(owner)
    all_product: IntArray = np.concatenate(product)
    all_opened: IntArray = np.concatenate(opened)
    all_dormant: BoolArray = np.concatenate(dormant)
    loan: IntArray = np.concatenate([np.full(len(all_owner) - len(grants.person), -1), np.arange(len(grants.person))])
    # Nobody opens an account after death.
    keep = all_opened < population.death_day[all_owner]
    all_owner, all_product, all_opened, all_dormant, loan = (
        values[keep] for values in (all_owner, all_product, all_opened, all_dormant, loan)
    )
    order = np.lexsort((loan, all_dormant, all_product, all_opened, all_owner))
    all_owner, all_product, all_opened, all_dormant, loan = (
        values[order] for values in (all_owner, all_product, all_opened, all_dormant, loan)
    )
    size, people = len(all_owner), len(population.birth_day)
    if size > _ACCOUNTS_A_BLOCK:
        raise AssertionError(f"a block has {size} accounts; numbers are set aside for {_ACCOUNTS_A_BLOCK}")
    row = np.arange(size)
    loan_account = np.empty(len(grants.person), dtype=np.int64)
    loan_account[loan[loan >= 0]] = row[loan >= 0]

    def of(*products: int, is_dormant: bool = False) -> IntArray:
        result = np.full(people, -1)
        mine = np.isin(all_product, products) & (all_dormant == is_dormant)
        result[all_owner[mine]] = row[mine]
        return result

    closed = np.full(size, FAR)
    saving = np.flatnonzero((all_product == SAVINGS) & ~all_dormant)
    # At least a day after the opening: a day has one version of an account.
    after = 1 + rng.exponential(365 / _CLOSED_A_YEAR, len(saving)).astype(np.int64)
    close = np.maximum(all_opened[saving], start) + after
    closed[saving] = np.where(
        close < np.minimum(config.horizon_day, population.death_day[all_owner[saving]]), close, FAR
    )
    checking = of(CHECKING)
    second, second_since = _second_holders(config, population, checking, all_opened, rng)
    opening, limit = _opening(rng, population, all_owner, all_product, all_dormant)
    owed = grants.owed_cents(np.arange(len(grants.person)), grants.paid_before(start))
    opening[loan_account] = owed
    return Accounts(
        owner=all_owner,
        product=all_product,
        account_no=5_000_000_000 + 7 * (population.block * _ACCOUNTS_A_BLOCK + row),
        opened_day=all_opened,
        closed_day=closed,
        opening_cents=np.where(all_opened < start, opening, 0),
        credit_limit_cents=limit,
        second_holder=second,
        second_since=second_since,
        is_dormant=all_dormant,
        checking=checking,
        savings=of(SAVINGS),
        card=of(CARD, PREMIUM_CARD),
        investment=of(INVESTMENT),
        business=of(BUSINESS),
        dormant=of(SAVINGS, is_dormant=True),
        grants=grants,
        loan_account=loan_account,
    )


def _second_holders(
    config: WorldConfig, population: Population, checking: IntArray, opened: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Spouses who may use the checking account of the household's head."""
    second, since = np.full(len(opened), -1), np.full(len(opened), FAR)
    spouse = np.flatnonzero((population.relation == 1) & population.in_bank)
    # Members of a household follow each other, its head first.
    head = np.searchsorted(population.household, population.household[spouse])
    shares = (checking[head] >= 0) & (rng.random(len(spouse)) < _SECOND_HOLDER_SHARE)
    account = checking[head[shares]]
    day = np.maximum(opened[account], population.customer_since[spouse[shares]])
    alive = day < np.minimum(population.death_day[spouse[shares]], population.death_day[head[shares]])
    second[account[alive]], since[account[alive]] = spouse[shares][alive], day[alive]
    return second, since


def _opening(
    rng: np.random.Generator, population: Population, owner: IntArray, product: IntArray, dormant: BoolArray
) -> tuple[IntArray, IntArray]:
    """Balances on the first day and card limits, in cents."""
    income = np.maximum(population.income_cents[owner], 600_000).astype(float)
    net = income * NET_SHARE_OF_INCOME / 12
    limit = np.where(
        np.isin(product, (CARD, PREMIUM_CARD)), np.round(income * rng.uniform(0.08, 0.3, len(owner)), -5), 0
    )
    limit = np.where(np.isin(product, (CARD, PREMIUM_CARD)), np.maximum(limit, 50_000), 0)
    u = rng.lognormal(0, 0.7, len(owner))
    opening = np.select(
        [dormant, product == CHECKING, product == SAVINGS, product == INVESTMENT, product == BUSINESS, limit > 0],
        [
            u * 40_000,
            net * 0.7 * u,
            income * 0.12 * u,
            income * 0.5 * u,
            net * 2 * u,
            np.minimum(net * 0.25 * u, limit),
        ],
        0.0,
    )
    return np.round(opening).astype(np.int64), limit.astype(np.int64)


def accounts_table(config: WorldConfig, population: Population, accounts: Accounts) -> pa.Table:
    """Accounts as delivered: one row at the opening, one more at the closing."""
    closes = np.flatnonzero(accounts.closed_day < FAR)
    row = np.concatenate([np.arange(len(accounts.owner)), closes])
    is_closing = np.arange(len(row)) >= len(accounts.owner)
    day = np.where(is_closing, accounts.closed_day[row], accounts.opened_day[row])
    limit = accounts.credit_limit_cents[row]
    return pa.table(
        {
            "account_no": numbers(accounts.account_no[row]),
            "updated_on": dates(day),
            "product_code": codes(accounts.product[row], [product[0] for product in PRODUCTS]),
            "opened_on": dates(accounts.opened_day[row]),
            "closed_on": dates(np.where(is_closing, day, 0), missing=~is_closing),
            "currency": codes(np.zeros(len(row), dtype=np.int64), ["USD"]),
            "credit_limit": money(limit, missing=limit == 0),
            "branch_district_no": numbers(population.city[accounts.owner[row]] + 1),
            "statement_cycle": codes(accounts.product[row] == BUSINESS, ["MONTHLY", "WEEKLY"]),
            DAY: days_column(day),
        }
    )


def account_holders_table(population: Population, accounts: Accounts) -> pa.Table:
    """Owners, and spouses who may use an account."""
    shared = np.flatnonzero(accounts.second_holder >= 0)
    row = np.concatenate([np.arange(len(accounts.owner)), shared])
    is_second = np.arange(len(row)) >= len(accounts.owner)
    person = np.where(is_second, accounts.second_holder[row], accounts.owner[row])
    since = np.where(is_second, accounts.second_since[row], accounts.opened_day[row])
    return pa.table(
        {
            "account_no": numbers(accounts.account_no[row]),
            "customer_no": numbers(population.customer_no[person]),
            "role": codes(is_second, ["OWNER", "AUTHORISED"]),
            "since": dates(since),
            DAY: days_column(since),
        }
    )


def products_table(config: WorldConfig) -> pa.Table:
    """Products, delivered once."""
    columns = list(zip(*PRODUCTS, strict=True))
    return pa.table(
        {
            "product_code": pa.array(columns[0]),
            "product_name": pa.array(columns[1]),
            "category": pa.array(columns[2]),
            "interest_rate": rates(np.array(columns[3])),
            "monthly_fee": money(np.round(np.array(columns[4]) * 100).astype(np.int64)),
            DAY: days_column(np.full(len(PRODUCTS), config.start_day)),
        }
    )
