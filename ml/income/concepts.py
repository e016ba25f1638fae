"""The kinds of evidence: the columns that count, and how each is told in words.

Belongs here: one entry a kind. Declared income is no evidence and has no entry; neither have sex, which may not decide,
and the segment, which a bank sets by declared income.
"""

import math
from dataclasses import dataclass

# Blocks of evidence that are known of a person, or not, as a whole.
ACTIVITY, BENEFITS, RETAIL, PERSON, HOUSEHOLD, BANK = (
    "activity", "benefits", "retail", "person", "household", "bank",
)  # fmt: skip


@dataclass(frozen=True)
class Concept:
    """One kind of evidence.

    Attributes
    ----------
    name : str
        As stored with the evidence.
    block : str
        What it is known together with.
    columns : tuple of str
        Columns of the evidence; the first one is told.
    kind : str
        ``amount`` (money, strongly skewed), ``number``, ``share`` (0 to 1) or ``category``.
    text : str
        With ``{value}``: an amount comes with its currency, a share in percent.
    zero : str or None
        Told instead where an amount is 0.
    missing : str
        Told where nothing is known of it. Concepts with equal words are told once, together.
    """

    name: str
    block: str
    columns: tuple[str, ...]
    kind: str
    text: str
    missing: str
    zero: str | None = None

    def words(self, value: object, currency: str) -> str:
        """The value in words with its unit."""
        if self.kind == "category":
            return self.missing if value is None else self.text.format(value=value)
        number = float(value)  # type: ignore[arg-type]
        if math.isnan(number):
            return self.missing
        if number == 0 and self.zero is not None:
            return self.zero
        if self.kind == "amount":
            return self.text.format(value=f"{round(number) + 0:,} {currency}")
        if self.kind == "share":
            return self.text.format(value=f"{round(100 * number, 1):g} %")
        return self.text.format(value=f"{round(number, 2):g}")


def _money(name: str, column: str, text: str, zero: str | None, *more: str) -> Concept:
    return Concept(name, ACTIVITY, (column, *more), "amount", text, "no covered account activity", zero)


def _shop(name: str, kind: str, text: str, zero: str | None = None, column: str | None = None) -> Concept:
    return Concept(name, RETAIL, (column or f"{name}_ratio",), kind, text, "no covered purchases", zero)


CONCEPTS: tuple[Concept, ...] = (
    _money("salary", "salary_monthly_amount", "salary credits of {value} a month", "no salary credits"),
    Concept(
        "regularity",
        ACTIVITY,
        ("salary_regularity_ratio",),
        "share",
        "salary in {value} of the months",
        "no covered account activity",
        "no salary credits",
    ),
    _money("pension", "pension_monthly_amount", "pension credits of {value} a month", "no pension credits"),
    _money("benefits", "benefit_monthly_amount", "benefits credited of {value} a month", "no benefits credited"),
    _money(
        "other_income", "other_income_monthly_amount", "other income of {value} a month", "no other income credited"
    ),
    _money(
        "drawn",
        "own_transfer_in_monthly_amount",
        "drawn from own accounts {value} a month",
        "nothing drawn from own accounts",
    ),
    _money("cash", "cash_deposit_monthly_amount", "cash deposits of {value} a month", "no cash deposits"),
    _money(
        "income", "income_monthly_amount", "income seen of {value} a month in all", "no income seen on the accounts"
    ),
    _money(
        "paid_out", "transfer_out_monthly_amount", "transfers to others of {value} a month", "no transfers to others"
    ),
    _money("spending", "spending_monthly_amount", "spending of {value} a month", "no spending on the accounts"),
    _money(
        "essentials",
        "essential_monthly_amount",
        "essential spending of {value} a month",
        "no essential spending on the accounts",
    ),
    _money(
        "withdrawals", "cash_withdrawal_monthly_amount", "cash withdrawals of {value} a month", "no cash withdrawals"
    ),
    _money("loans", "loan_payment_monthly_amount", "loan payments of {value} a month", "no loan payments"),
    Concept(
        "deposits",
        BANK,
        ("deposit_balance_amount",),
        "amount",
        "deposits of {value}",
        "no deposit balance known",
        "empty deposit accounts",
    ),
    Concept(
        "investments",
        BANK,
        ("investment_balance_amount",),
        "amount",
        "investments of {value}",
        "no investments known",
        "investments of nothing",
    ),
    Concept(
        "limits",
        BANK,
        ("credit_limit_amount",),
        "amount",
        "credit limits of {value}",
        "no credit limit",
        "no credit limit",
    ),
    Concept("credit_score", BANK, ("credit_score",), "number", "credit score of {value}", "no credit score"),
    Concept(
        "registry_benefits",
        BENEFITS,
        ("registry_benefit_monthly_amount",),
        "amount",
        "benefits paid by the registry of {value} a month",
        "not known to a benefit registry",
        "no benefits paid by the registry",
    ),
    Concept(
        "employment", BENEFITS, ("employment_status",), "category", "employment: {value}", "no employment status known"
    ),
    Concept("occupation", PERSON, ("occupation",), "category", "occupation: {value}", "no occupation known"),
    Concept("age", PERSON, ("age",), "number", "age of {value}", "no date of birth known"),
    Concept("age_group", PERSON, ("age_group",), "category", "age group {value}", "no age known"),
    Concept("marriage", PERSON, ("marital_status",), "category", "marital status: {value}", "no marital status known"),
    Concept(
        "dependants",
        PERSON,
        ("dependants_count",),
        "number",
        "dependants: {value}",
        "number of dependants not known",
        "no dependants",
    ),
    Concept(
        "household", HOUSEHOLD, ("household_members_count",), "number", "household of {value}", "no household known"
    ),
    Concept(
        "others",
        HOUSEHOLD,
        ("household_others_income_monthly_amount",),
        "amount",
        "others of the household with {value} a month",
        "nobody else's income known in the household",
        "others of the household without income seen",
    ),
    Concept(
        "district",
        HOUSEHOLD,
        ("district_average_salary_amount",),
        "amount",
        "average salary of the district of {value} a month",
        "district not known",
    ),
    _shop("purchases", "amount", "purchases of {value} a month", column="retail_spending_monthly_amount"),
    _shop("visits", "number", "{value} baskets a month", column="baskets_monthly_count"),
    _shop("basket", "amount", "average basket of {value}", column="basket_amount"),
    _shop("discount", "share", "{value} of the price saved by discounts", "no discounts used"),
    _shop("coupon", "share", "{value} paid by coupons", "no coupons used"),
    _shop("own_brand", "share", "{value} of the purchases of the own brand", "nothing of the own brand"),
    _shop("price_level", "number", "price level of what is bought {value} (1: usual)"),
    _shop("produce", "share", "{value} of the purchases fruit and vegetables", "no fruit and vegetables bought"),
    _shop("meat", "share", "{value} of the purchases meat", "no meat bought"),
    _shop("seafood", "share", "{value} of the purchases seafood", "no seafood bought"),
    _shop("delicatessen", "share", "{value} of the purchases delicatessen", "no delicatessen bought"),
    _shop("alcohol", "share", "{value} of the purchases wine and spirits", "no wine or spirits bought"),
    _shop("health", "share", "{value} of the purchases health food", "no health food bought"),
    _shop("beauty", "share", "{value} of the purchases cosmetics", "no cosmetics bought"),
    _shop("garden", "share", "{value} of the purchases flowers and garden", "nothing for the garden bought"),
    _shop("drugstore", "share", "{value} of the purchases drugstore goods", "no drugstore goods bought"),
    _shop("fuel", "share", "{value} of the purchases fuel", "no fuel bought"),
)
