"""Survivorship as data: which record's value a golden record shows, attribute by attribute.

A portfolio declares it under ``survivorship:``; here stand the words it may use, their meaning and their order. dbt
compares the records (``core.golden_record_sources``) and shows the rules (``core.survivorship_rules``).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

# Columns of core.parties by attribute. Those of one attribute belong together: no address is mixed from two records.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "party_type": ("party_type",),
    "name": ("first_name", "last_name"),
    "sex": ("sex",),
    "birth_date": ("birth_date",),
    "death_date": ("death_date",),
    "phone": ("phone",),
    "email": ("email",),
    "address": ("address_line", "city", "state", "region", "district_id", "postcode"),
    "segment": ("segment",),
    "occupation": ("occupation",),
    "dependants_count": ("dependants_count",),
    "declared_annual_income_amount": ("declared_annual_income_amount",),
    # The bounds of a band belong together; the highest band has no upper one.
    "declared_income_band": ("declared_income_from_amount", "declared_income_to_amount"),
    "stated_age_group": ("stated_age_group",),
}
# Columns by which an attribute is compared, where some sources leave others of it out: a district is no other address.
COMPARED: Mapping[str, tuple[str, ...]] = {"address": ("address_line", "postcode")}
CRITERIA: Mapping[str, str] = {
    "still_held": "Records that their source still holds come before those it deleted.",
    "source_trust": "The record of the source that stands first in the order of trust.",
    "recency": "The record whose version began last, by the source's own date.",
    "completeness": "The record that fills most columns of the attribute, or of all where the attribute has one.",
    "agreement": "The value on which most sources agree, letter case, spaces and punctuation aside.",
}
# Stands in an order of trust for the records of the portfolio's anchor_record_type.
ANCHOR = "anchor"
DEFAULT_CRITERIA = ("source_trust", "still_held", "recency")


class AttributeRule(BaseModel):
    """How one attribute differs from the portfolio's default.

    Attributes
    ----------
    criteria : tuple of str or None
        Keys of ``CRITERIA``, the first decides first; None: the portfolio's.
    trust : tuple of str or None
        Sources, or ``anchor``, most trusted first; a source that is not named comes last. None: the portfolio's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    criteria: tuple[str, ...] | None = None
    trust: tuple[str, ...] | None = None

    @field_validator("criteria")
    @classmethod
    def _known_criteria(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value if value is None else _checked("criteria", value, CRITERIA)


class Survivorship(BaseModel):
    """What a portfolio says of survivorship. Of records equal in every declared criterion the one known last
    survives, then the smaller ``party_id``.

    Attributes
    ----------
    trust : tuple of str or None
        Default order of trust; None: the anchor records, then the portfolio's sources as listed.
    criteria : tuple of str
        Default order of criteria.
    attributes : mapping
        Attributes that differ, by key of ``ATTRIBUTES``. A rule that does not place ``still_held`` starts with it:
        what a source has deleted ranks last.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trust: tuple[str, ...] | None = None
    criteria: tuple[str, ...] = DEFAULT_CRITERIA
    attributes: Mapping[str, AttributeRule] = {}

    @model_validator(mode="after")
    def _known(self) -> "Survivorship":
        _checked("criteria", self.criteria, CRITERIA)
        _checked("attributes", tuple(self.attributes), ATTRIBUTES)
        return self

    def check_sources(self, sources: Sequence[str]) -> None:
        """Refuse an order of trust that names a source the portfolio does not have.

        Raises
        ------
        ValueError
            With the attribute, the source and the known ones.
        """
        orders = {"trust": self.trust, **{name: rule.trust for name, rule in self.attributes.items()}}
        for name, order in orders.items():
            if order is not None:
                _checked(f"trust of {name}" if name != "trust" else name, order, (ANCHOR, *sources))

    def rules(self, sources: Sequence[str]) -> list[dict[str, Any]]:
        """One rule per attribute, defaults filled in, in the order of ``ATTRIBUTES``.

        Returns
        -------
        list of dict
            ``attribute``, ``columns``, ``compared``, ``criteria`` (with ``still_held``), ``trust``.
        """
        default_trust = self.trust or (ANCHOR, *sources)
        resolved = []
        for attribute, columns in ATTRIBUTES.items():
            rule = self.attributes.get(attribute, AttributeRule())
            criteria = rule.criteria or self.criteria
            if "still_held" not in criteria:
                criteria = ("still_held", *criteria)
            trust = rule.trust or default_trust
            resolved.append(
                {
                    "attribute": attribute,
                    "columns": list(columns),
                    "compared": list(COMPARED.get(attribute, columns)),
                    "criteria": list(criteria),
                    "trust": list(trust),
                }
            )
        return resolved

    def as_json(self, sources: Sequence[str], anchor_record_type: str) -> str:
        """The rules as dbt reads them, with what each criterion means."""
        return json.dumps(
            {"anchor_record_type": anchor_record_type, "rules": self.rules(sources), "meaning": dict(CRITERIA)}
        )


def _checked(what: str, names: tuple[str, ...], known: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"survivorship: {what} {unknown} unknown; known: {', '.join(known)}")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"survivorship: {what} {repeated} stand twice; each may stand once in an order")
    if not names and what != "attributes":
        raise ValueError(f"survivorship: {what} is empty; known: {', '.join(known)}")
    return names
