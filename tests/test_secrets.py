"""Database URLs and messages without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL, make_url

from storage.database import StorageUnavailable, open_database
from storage.secrets import HARMLESS, shown_url, without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db:5432/x?sslkey=/home/me/key.pem&sslmode=require", None),
        ("postgresql://me@db/x?password=hunter2", "postgresql://me@db/x?password=***"),
        ("mysql+pymysql://db/x?token=hunter2", "mysql+pymysql://db/x?token=***"),
        ("mysql+pymysql://db/x?pwd=hunter2&charset=utf8mb4", "mysql+pymysql://db/x?charset=utf8mb4&pwd=***"),
        ("mssql+pyodbc:///?odbc_connect=SERVER%3Ddb%3BPWD%3Dhunter2", "mssql+pyodbc:///?odbc_connect=***"),
        ("sqlite:///studies.db?uri=true&mode=ro", "sqlite:///studies.db?mode=ro&uri=true"),
        ("sqlite:///studies.db", "sqlite:///studies.db"),
        ("postgresql://me:p@hunter2@db:1/x", "postgresql://me:***@db:1/x"),
        ("postgresql://me:h|'hunter2@db:1/x", "postgresql://me:***@db:1/x"),
    ],
)
def test_every_value_of_a_query_is_hidden_that_is_not_known_to_be_harmless(url, shown):
    expected = shown or "postgresql://me:***@db:5432/x?sslkey=***&sslmode=require"
    found = shown_url(make_url(url))
    assert sorted(found.replace("?", "&").split("&")) == sorted(expected.replace("?", "&").split("&"))
    assert "hunter2" not in without_secrets(f"cannot open {url}: refused")
    assert "key.pem" not in without_secrets(f"cannot open '{url}', refused")


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=8, max_size=20),
    st.text("abcdefghijklmnop_", min_size=3, max_size=12).filter(lambda key: key not in HARMLESS),
)
def test_a_secret_is_found_in_a_message_as_it_is_and_as_the_url_has_it(secret, key):
    url = URL.create("postgresql", "me", secret, "db", 5432, "x", {key: secret[::-1]})
    written = url.render_as_string(hide_password=False)
    for said in (secret, secret[::-1], repr(secret), written, f"<{written}>"):
        shown = without_secrets(f"refused: {said} !", written)
        assert secret not in shown
        assert secret[::-1] not in shown


def test_a_driver_that_shows_a_part_of_an_odbc_string_shows_no_secret_of_it():
    url = "mssql+pyodbc:///?odbc_connect=SERVER%3Ddb%3BPWD%3Dhunter2"
    assert without_secrets("login with hunter2 failed", url) == "login with *** failed"


def test_what_follows_a_url_is_no_part_of_it():
    said = "postgresql://me:hunter2@db/x: Failed (see postgresql://db/y?token=hunter3)."
    assert without_secrets(said) == "postgresql://me:***@db/x: Failed (see postgresql://db/y?token=***)."


def test_other_text_stays_as_it_is():
    text = "no file a.csv; see https://optuna.org/x and sqlite:///studies.db (3/4)"
    assert without_secrets(text, "postgresql://me:hunter2@db/x") == text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://me:hunter2@127.0.0.1:9/x?sslkey=hunter3",
        "postgresql://me:hun/ter2@db/x",
        "postgresql://me:hunter2@db:hunter3/x",
        "oracle9://me:hunter2@db/x",
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_secrets(url):
    with pytest.raises(StorageUnavailable) as caught:
        open_database(url)
    assert not any(secret in str(caught.value) for secret in ("hunter2", "hunter3", "ter2"))
