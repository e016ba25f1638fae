"""Errors of eligibility; each says where, what was found, what was expected."""


class EligibilityInputError(ValueError):
    """A table or row can't be used as it stands.

    Attributes
    ----------
    source : str
        File, or "rows" where a frame or mappings were given.
    line : int or None
        Line in the file, or position in the rows from 1.
    column : str or None
    found, expected : str
    """

    def __init__(
        self, source: str, found: str, expected: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        self.source, self.line, self.column, self.found, self.expected = source, line, column, found, expected
        place = source
        if line is not None:
            place += f", {'row' if source == 'rows' else 'line'} {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: found {found}; expected {expected}")


class TooFewOutcomesError(EligibilityInputError):
    """There are too few applications with either outcome to learn from; nothing is wrong with them."""


class ProtectedColumnError(ValueError):
    """A protected characteristic was named as a feature."""
