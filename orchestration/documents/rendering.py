"""Documents as text: JSON with the keys in the order in which they were put, numbers as numbers, days as ISO dates."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def as_json(document: Mapping[str, Any]) -> str:
    """A document of gold's types as indented JSON with a line's end."""
    return json.dumps(document, indent=1, default=_plain, ensure_ascii=False) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no type of gold's")
