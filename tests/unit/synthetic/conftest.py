"""One generated portfolio for all tests of the generator: making it takes about two seconds."""

import pandas as pd
import pytest

from ml.synthetic import SampleConfig, generate


@pytest.fixture(scope="session")
def config() -> SampleConfig:
    return SampleConfig()


@pytest.fixture(scope="session")
def tables(config: SampleConfig) -> dict[str, pd.DataFrame]:
    return generate(config)
