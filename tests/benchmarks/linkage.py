"""Accuracy of linkage without labels and without a configuration, beside what others reach, on data with known truth.

Published figures: FEBRL3 0.9954 and fake_1000 0.862 are pairwise F1 at a threshold that was chosen by the labels.
"""

import tempfile
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.identity.linkage import Linkage, resolve

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_PERSON = (
    "first_name", "middle_name", "last_name", "sex", "birth_date", "ssn", "phone", "email", "address", "postcode",
    "city", "state",
)  # fmt: skip
_SOURCES = (
    ("core_banking", "customers", "customer_no"),
    ("crm", "persons", "crm_id"),
    ("benefit_registry", "beneficiaries", "beneficiary_no"),
)


def main() -> None:
    """Print a line per data set."""
    console = Console(highlight=False)
    table = Table(header_style="bold")
    for name in ("data", "records", "precision", "recall", "F1", "goal", "published"):
        table.add_column(name, justify="left" if name in ("data", "goal", "published") else "right")
    for number, goal, published in ((1, "0.99", ""), (2, "0.99", ""), (3, "0.99", "0.9954 by labels")):
        path = DATA / "linkage" / f"dataset{number}.csv.gz"
        if not path.exists():
            console.print(f"FEBRL{number} is left out: {path} is absent")
            continue
        records = pd.read_csv(path, skipinitialspace=True, dtype=str)
        truth = records["rec_id"].str.extract(r"rec-(\d+)-")[0]
        # The id tells who is who; it is replaced, so that not even its order can.
        records["rec_id"] = pd.util.hash_array(records["rec_id"].to_numpy(object)) >> 1
        _add(table, f"FEBRL{number}", records, truth, "rec_id", goal, published)
    path = DATA / "linkage" / "fake_1000.csv.gz"
    if path.exists():
        records = pd.read_csv(path)
        truth = records.pop("cluster").astype(str)
        _add(table, "fake_1000", records, truth, "unique_id", "near 0.862", "0.862 by labels")
    else:
        console.print(f"fake_1000 is left out: {path} is absent")
    for people in (2_000, 10_000):
        records, truth, home = sample(people)
        linkage = _add(table, f"sample, {people:,} people", records, truth, "record", "0.99", "")
        console.print(f"sample of {people:,}: {mixed_homes(linkage, truth, home, records)}")
    console.print(table)
    _bank(console)


def _add(
    table: Table, name: str, records: pd.DataFrame, truth: pd.Series, id_column: str, goal: str, published: str
) -> Linkage:
    linkage = resolve(records, id_column=id_column)
    precision, recall = pairwise(linkage.entities, dict(zip(records[id_column], truth, strict=True)))
    figures = (precision, recall, 2 * precision * recall / (precision + recall))
    table.add_row(name, f"{len(records):,}", *(f"{figure:.4f}" for figure in figures), goal, published)
    return linkage


def pairwise(entities: pd.DataFrame, truth: dict) -> tuple[float, float]:
    """Precision and recall over pairs of records."""
    both = pd.DataFrame({"entity": entities["entity_id"].astype(str), "truth": entities["record_id"].map(truth)})

    def pairs(*keys: str) -> float:
        size = both.groupby(list(keys)).size()
        return float((size * (size - 1) / 2).sum())

    right = pairs("entity", "truth")
    return right / max(pairs("entity"), 1.0), right / max(pairs("truth"), 1.0)


def sample(people: int) -> tuple[pd.DataFrame, pd.Series, dict]:
    """The latest version of each record of the three systems of a generated world, its person, and homes of persons."""
    from ml.synthetic.world import WorldConfig, write_world

    with tempfile.TemporaryDirectory(prefix="assay-b-") as folder:
        landing, truth = Path(folder) / "landing", Path(folder) / "truth"
        write_world(WorldConfig(people=people), landing, truth)
        parts = []
        for source, name, number in _SOURCES:
            versions = pd.concat([_read(path) for path in sorted((landing / source).glob(f"{name}_*"))])
            latest = versions.sort_values("updated_on", kind="stable").drop_duplicates(number, keep="last")
            latest = latest.reindex(columns=[number, *_PERSON])
            parts.append(latest.assign(record=source + ":" + latest[number].astype(str)).drop(columns=number))
        known = pd.concat([pd.read_parquet(path) for path in sorted(truth.glob("records_*"))])
        persons = pd.concat([pd.read_parquet(path) for path in sorted(truth.glob("people_*"))])
    person = dict(zip(known["source"].astype(str) + ":" + known["record_no"].astype(str), known["person"], strict=True))
    records = pd.concat(parts, ignore_index=True)
    records = records[records["record"].isin(person)].reset_index(drop=True)
    home = {"household": dict(zip(persons["person"], persons["household_no"], strict=True))}
    home["twin"] = dict(persons.dropna(subset=["twin"])[["person", "twin"]].itertuples(index=False))
    return records, records["record"].map(person), home


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str) if path.suffix == ".csv" else pd.read_json(path, lines=True, dtype=False)


def mixed_homes(linkage: Linkage, truth: pd.Series, home: dict, records: pd.DataFrame) -> str:
    """How many entities mix people, and whether those are twins or of one household."""
    person = dict(zip(records["record"], truth, strict=True))
    members = linkage.entities.assign(person=linkage.entities["record_id"].map(person)).groupby("entity_id")["person"]
    mixed = [sorted(set(group)) for _, group in members if group.nunique() > 1]
    twins = sum(any(home["twin"].get(one) in group for one in group) for group in mixed)
    kin = sum(len({home["household"][one] for one in group}) < len(group) for group in mixed)
    return f"{len(mixed)} of {members.ngroups:,} entities hold several people; {kin} of one household, {twins} twins"


def _bank(console: Console) -> None:
    """Borrowers of luxury loans are no clients: nothing may be linked."""
    folder = DATA / "eagle_bank"
    if not (folder / "luxury_loan.csv.gz").exists():
        console.print(f"bank is left out: {folder} is absent")
        return
    clients = pd.read_csv(folder / "client.csv.gz", dtype=str)
    clients = clients.rename(
        columns={"first": "first_name", "middle": "middle_name", "last": "last_name", "zipcode": "zip_code"}
    )
    loans = pd.read_csv(folder / "luxury_loan.csv.gz", dtype=str)
    loans = loans.rename(columns={"firstname": "first_name", "middlename": "middle_name", "lastname": "last_name"})
    both = pd.concat(
        [clients.assign(record="client " + clients["client_id"]), loans.assign(record="loan " + loans["loan_id"])],
        ignore_index=True,
    )
    entities = resolve(both, id_column="record").entities
    sides = entities["record_id"].str.split(" ").str[0].groupby(entities["entity_id"]).nunique()
    console.print(
        f"bank: {len(clients):,} clients and {len(loans):,} luxury loans are {len(sides):,} entities; "
        f"{int((sides > 1).sum())} hold both (meant: 0)"
    )


if __name__ == "__main__":
    main()
