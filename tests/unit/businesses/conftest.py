"""The seed document's ten businesses as they are delivered, and a larger set with everything that ten do not have."""

from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
import pytest

from ml.synthetic.businesses import BusinessConfig, generate, write_businesses
from orchestration.ingestion.checking import check_block
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.reading import open_reader

Tables = dict[str, pd.DataFrame]
SOURCES = ("msme_bank", "gst_network", "open_networks")


def frame(table: pa.Table) -> pd.DataFrame:
    """Money as whole paise, days and instants as datetime64, everything else as it is."""
    table = table.unify_dictionaries()
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pt.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pt.is_decimal(column.type):
            columns[name] = (column.cast(pa.float64()).to_pandas() * 100).round()
        else:
            columns[name] = column.to_pandas(date_as_object=False)
    return pd.DataFrame(columns)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Landing and truth of the default ten."""
    root = tmp_path_factory.mktemp("businesses")
    write_businesses(BusinessConfig(), root / "landing", root / "truth")
    return root / "landing", root / "truth"


@pytest.fixture(scope="session")
def ten(folders: tuple[Path, Path]) -> Tables:
    """The default ten, read through their contracts; no row may be refused."""
    landing, truth = folders
    tables = {}
    for source in SOURCES:
        for contract in load_contracts(source):
            (path,) = (each for each in (landing / source).iterdir() if contract.matches(each.name))
            checked = [
                check_block(contract, block)
                for block in open_reader(path, contract, sha256(path.read_bytes()).hexdigest())
            ]
            assert not [reject for block in checked for reject in block.rejects], path.name
            tables[f"{source}.{contract.name}"] = frame(pa.concat_tables([block.table for block in checked]))
    for path in truth.glob("*.parquet"):
        tables[f"truth.{path.name[:-19]}"] = pd.read_parquet(path)
    return tables


@pytest.fixture(scope="session")
def many() -> Tables:
    """A larger set of another seed, in two blocks: trade within the set, rings, exporters, moves."""
    return {name: frame(table) for name, table in generate(BusinessConfig(seed=7, businesses=620)).items()}


@pytest.fixture(scope="session", params=["ten", "many"])
def businesses(request: pytest.FixtureRequest) -> Tables:
    """What holds for every set holds for both."""
    return request.getfixturevalue(request.param)
