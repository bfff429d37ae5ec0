"""Hides the secrets of database URLs in messages.

Replaces passwords, and every value of a URL's query that is not known to be harmless, by `***`. The names of keys that
hold secrets differ from driver to driver.
"""

import re
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

HIDDEN = "***"
# Keys of a URL's query whose values say where and how to connect, and nothing that lets anyone in.
HARMLESS = frozenset(
    {
        "application_name",
        "cache",
        "charset",
        "check_same_thread",
        "client_encoding",
        "connect_timeout",
        "driver",
        "host",
        "mode",
        "nolock",
        "port",
        "sslmode",
        "timeout",
        "unix_socket",
        "uri",
    }
)
SHORTEST = 3  # characters of a secret that is looked for in a text: a shorter one would hide parts of words
# Up to the last @ of a line: a password may hold whatever ends a URL elsewhere.
LIKE_A_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.]*://(?:[^\n]*@)?[^\s'\"`<>|]*")


def shown_url(url: URL) -> str:
    """Return a URL without its secrets."""
    query = {key: value if key.lower() in HARMLESS else HIDDEN for key, value in url.query.items()}
    host = None if url.host is None else url.host.rpartition("@")[2]  # what stands before is the end of a password
    return url.set(query=query, host=host).render_as_string(hide_password=True).replace(quote_plus(HIDDEN), HIDDEN)


def without_secrets(text: str, url: str | None = None) -> str:
    """Return a text in which URLs are shown as by shown_url, without any secret of `url`."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return LIKE_A_URL.sub(lambda found: _shown(found.group()), text)


def _shown(text: str) -> str:
    """Return a URL without its secrets; of text that cannot be parsed as a URL, only the scheme."""
    link = text.rstrip(".,;:)")
    parsed, rest = _parsed(link), text[len(link) :]
    if parsed is None:
        return f"{text.partition('://')[0]}://{HIDDEN}{rest}"
    return shown_url(parsed) + rest if parsed.password or parsed.query else text


def _secrets(url: str | None) -> set[str]:
    """Return the password and the hidden values of a URL's query, in the forms that messages may contain."""
    parsed = None if url is None else _parsed(url)
    if parsed is None:
        return set()
    values = [parsed.password or ""]
    if parsed.host is not None and "@" in parsed.host:
        values += [rest := parsed.host.rpartition("@")[0], f"{parsed.password}@{rest}"]
    for key, value in parsed.query.items():
        if key.lower() not in HARMLESS:
            several = [value] if isinstance(value, str) else list(value)
            # An ODBC connection string has keys and values of its own.
            values += several + [part.partition("=")[2] for each in several for part in each.split(";")]
    forms = {form for value in values for form in (value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1])}
    return {form for form in forms if len(form) >= SHORTEST}


def _parsed(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None
