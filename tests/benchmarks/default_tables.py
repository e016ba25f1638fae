"""Made-up credit tables of several kinds, with outcomes drawn from known probabilities."""

from collections.abc import Callable

import numpy as np
import pandas as pd


def linear(generator: np.random.Generator, n: int = 6000) -> pd.DataFrame:
    """Everything adds up on the log-odds: a logistic regression is right."""
    X = generator.normal(size=(n, 12))
    return _table(generator, X, -1.8 + X @ np.linspace(0.8, -0.5, 12))


def interactions(generator: np.random.Generator, n: int = 12_000) -> pd.DataFrame:
    """Products and thresholds: what a sum can't say."""
    X = generator.normal(size=(n, 15))
    z = -2.2 + 1.0 * X[:, 0] * X[:, 1] + 1.2 * (X[:, 2] > 0) * (X[:, 3] > 0.5) + 0.8 * np.abs(X[:, 4]) + 0.4 * X[:, 5]
    return _table(generator, X, z)


def gaps(generator: np.random.Generator, n: int = 8000) -> pd.DataFrame:
    """Missing values that mean something, in different ways."""
    X = generator.normal(size=(n, 10))
    z = -2.0 + 0.7 * X[:, 0] - 0.5 * X[:, 1]
    for at, effect in ((0, 0.9), (2, -0.8), (3, 0.0)):
        missing = generator.random(n) < 0.25
        z = np.where(missing, z + effect, z)
        X[missing, at] = np.nan
    return _table(generator, X, z)


def categories(generator: np.random.Generator, n: int = 8000) -> pd.DataFrame:
    """Text with few and with many levels, yes and no, percentages in text, dates and an identifier."""
    purpose, town = generator.integers(0, 8, n), np.minimum(generator.geometric(0.02, n), 300)
    age, rate = generator.normal(45, 12, n), generator.uniform(5, 25, n)
    owns = generator.random(n) < 0.4
    z = -2.4 + generator.normal(0, 0.7, 8)[purpose] + generator.normal(0, 0.5, 301)[town] + 0.08 * (rate - 15)
    frame = _table(
        generator, np.column_stack([age, generator.lognormal(8, 0.6, n)]), z - 0.02 * (age - 45) - 0.4 * owns
    )
    return frame.assign(
        purpose=np.array([f"purpose {code}" for code in range(8)])[purpose],
        town=np.array([f"town {code}" for code in range(301)])[town],
        owns_home=np.where(owns, "Y", "N"),
        interest=[f"{value:.2f}%" for value in rate],
        reference=[f"R{number:07d}" for number in generator.permutation(n)],
    )


def special_codes(generator: np.random.Generator, n: int = 10_000) -> pd.DataFrame:
    """-7, -8 and -9 for reasons why a value is absent, and 98 for counts nobody knows."""
    X = np.round(generator.gamma(4, 15, size=(n, 12)))
    z = -0.3 - 0.03 * (X[:, 0] - 60) + 0.02 * (X[:, 1] - 60) + 0.015 * (X[:, 2] - 60)
    for code, share, effect in ((-7, 0.1, 0.8), (-8, 0.08, -0.6), (-9, 0.05, 0.3)):
        chosen = generator.random(n) < share
        z = np.where(chosen, z + effect, z)
        X[np.ix_(chosen, [0, 1, 3, 4])] = code
    late = generator.poisson(0.3, n).astype(float)
    unknown = generator.random(n) < 0.004
    X[:, 5] = np.where(unknown, 98, late)
    return _table(generator, X, z + 0.7 * late * ~unknown + 1.5 * unknown)


def drift(generator: np.random.Generator, n: int = 12_000) -> pd.DataFrame:
    """Rates rise over two years, and one feature loses its meaning."""
    X = generator.normal(size=(n, 10))
    days = np.sort(generator.integers(0, 730, n))
    age = days / 730
    z = -2.6 + 0.9 * age + 0.8 * X[:, 0] + (0.8 - age) * X[:, 1] + 0.4 * np.abs(X[:, 2])
    return _table(generator, X, z).assign(granted_on=pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))


def small(generator: np.random.Generator, n: int = 900) -> pd.DataFrame:
    """As large as the German credit data, with levels and numbers."""
    X = generator.normal(size=(n, 8))
    status, history = generator.integers(0, 4, n), generator.integers(0, 5, n)
    z = -1.2 + 0.5 * X[:, 0] + 0.4 * X[:, 1] + np.array([0.8, 0.3, -0.4, -1.2])[status]
    frame = _table(generator, X, z + np.array([0.9, 0.5, 0.0, -0.2, -0.7])[history])
    return frame.assign(
        status=np.array(["none", "low", "some", "much"])[status], history=np.array(list("abcde"))[history]
    )


def imbalanced(generator: np.random.Generator, n: int = 30_000) -> pd.DataFrame:
    """Two in a hundred default; skewed amounts and counts."""
    X = np.exp(generator.normal(size=(n, 10)))
    counts = generator.poisson(0.2, size=(n, 3))
    z = -4.6 + 0.5 * np.log(X[:, 0]) - 0.4 * np.log(X[:, 1]) + 0.9 * counts[:, 0] + 0.5 * (X[:, 2] > 2)
    return _table(generator, np.hstack([X, counts]), z)


def noise_columns(generator: np.random.Generator, n: int = 8000) -> pd.DataFrame:
    """Four columns that matter among 200."""
    X = generator.normal(size=(n, 200))
    return _table(generator, X, -2.0 + 0.8 * X[:, 0] - 0.6 * X[:, 1] + 0.7 * (X[:, 2] > 1) + 0.5 * X[:, 0] * X[:, 3])


def high_cardinality(generator: np.random.Generator, n: int = 30_000) -> pd.DataFrame:
    """Employers, 3,000 of them with a long tail, and towns, 400: each with a rate of its own."""
    employer = np.minimum(generator.zipf(1.25, n), 3000)
    town = generator.integers(0, 400, n)
    X = generator.normal(size=(n, 6))
    z = -2.0 + 0.6 * X[:, 0] + 0.4 * X[:, 1] + generator.normal(0, 0.8, 3001)[employer]
    frame = _table(generator, X, z + generator.normal(0, 0.6, 400)[town])
    return frame.assign(
        employer=np.array([f"employer {code}" for code in range(3001)])[employer],
        town=np.array([f"town {code}" for code in range(400)])[town],
    )


def deep(generator: np.random.Generator, n: int = 60_000) -> pd.DataFrame:
    """Rules of three and four conditions and waves: what shallow trees need many rounds for."""
    X = generator.normal(size=(n, 12))
    z = -2.0 + 1.6 * (X[:, 0] > 0) * (X[:, 1] > 0) * (X[:, 2] > 0) - 1.2 * (X[:, 0] < 0) * (X[:, 3] > 0) * (X[:, 4] > 0)
    z += np.sin(2.5 * X[:, 5]) + 1.5 * (np.sign(X[:, 6] * X[:, 7] * X[:, 8] * X[:, 9]) > 0)
    return _table(generator, X, z)


def large(generator: np.random.Generator, n: int = 150_000) -> pd.DataFrame:
    """Many rows: curves, thresholds and products that only so many rows can tell."""
    X = generator.normal(size=(n, 25))
    z = -2.5 + 0.5 * X[:, 0] - 0.3 * X[:, 1] ** 2 + 0.5 * X[:, 2] * X[:, 3] + 0.6 * (X[:, 4] > 1) * (X[:, 5] < 0)
    z += 0.3 * X[:, 6] * X[:, 7] * X[:, 8] + 0.4 * np.sin(2 * X[:, 9]) + 0.1 * X[:, 10:20].sum(axis=1)
    return _table(generator, X, z)


_MAKERS = (
    linear, interactions, gaps, categories, special_codes, drift, small, imbalanced, noise_columns, high_cardinality,
    deep, large,
)  # fmt: skip
TABLES: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {make.__name__: make for make in _MAKERS}


def _table(generator: np.random.Generator, X: np.ndarray, z: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(X, columns=[f"x{number:02d}" for number in range(X.shape[1])])
    frame["is_bad"] = generator.random(len(z)) < 1 / (1 + np.exp(-z))
    return frame
