"""Every driver gets the same database, whatever characters the names and passwords hold."""

import psycopg
import pytest

from orchestration.warehouse import Role, Warehouse, WarehouseError

AWKWARD = "p@ss/w?rd&=% '"


def warehouse(
    host: str = "/tmp/some folder/socket", password: str = AWKWARD, bi_password: str | None = AWKWARD
) -> Warehouse:
    return Warehouse(
        host=host,
        port=5433,
        user="some user",
        password=password,
        database="assay sample",
        is_embedded=False,
        bi_host="127.0.0.1",
        bi_password=bi_password,
        dagster="postgresql://x",
        parameters=(("sslmode", "require"),),
    )


EXPECTED = {
    "host": "/tmp/some folder/socket",
    "port": "5433",
    "user": "some user",
    "password": AWKWARD,
    "dbname": "assay sample",
    "sslmode": "require",
    "application_name": "assay",
    "options": "-c role=assay_ml",
}


@pytest.mark.parametrize("way", ["conninfo", "url"])
def test_connection_strings_keep_every_part(way: str) -> None:
    assert psycopg.conninfo.conninfo_to_dict(getattr(warehouse(), way)(Role.ML)) == EXPECTED


def test_the_sqlalchemy_url_is_read_back_by_sqlalchemy() -> None:
    from sqlalchemy import make_url

    url = make_url(warehouse().sqlalchemy_url(Role.ML))
    assert (url.drivername, url.username, url.password, url.host, url.database) == (
        "postgresql+psycopg2", "some user", AWKWARD, "localhost", "assay sample",
    )  # fmt: skip
    assert url.query["host"] == EXPECTED["host"]
    assert url.query["options"] == EXPECTED["options"]


def test_dbt_gets_what_its_profile_reads_and_ssl_as_libpq_variables() -> None:
    assert warehouse().dbt_env() == {
        "ASSAY_PG_HOST": EXPECTED["host"],
        "ASSAY_PG_PORT": "5433",
        "ASSAY_PG_USER": "some user",
        "ASSAY_PG_PASSWORD": AWKWARD,
        "ASSAY_PG_DATABASE": "assay sample",
        "PGSSLMODE": "require",
    }


def test_bi_connects_over_tcp_with_its_own_password() -> None:
    parts = psycopg.conninfo.conninfo_to_dict(warehouse().bi_conninfo())
    assert parts == {
        "host": "127.0.0.1", "port": "5433", "user": "assay_bi", "password": AWKWARD,
        "dbname": "assay sample", "sslmode": "require",
    }  # fmt: skip


def test_an_unknown_bi_password_says_where_it_belongs() -> None:
    with pytest.raises(WarehouseError, match=r"credentials\.json"):
        warehouse(bi_password=None).bi_conninfo()


def test_no_password_is_shown_when_a_warehouse_is_printed() -> None:
    assert AWKWARD not in repr(warehouse())
