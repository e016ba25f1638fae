"""What can go wrong in a way that the caller may answer."""


class TooFewDeclaredError(ValueError):
    """Too few people have declared an income, or too few in one of the bands, to learn from."""
