"""A few malformed files of every format; `python -m benchmarks.fuzz` generates thousands."""

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.fuzz import outcome
from benchmarks.malformed import READERS, Case, a_document, as_json


@pytest.mark.parametrize("reader", READERS)
def test_a_malformed_file_is_read_or_refused_in_one_line(reader):
    @settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(READERS[reader])
    def each(case):
        assert outcome(case) in ("read", "refused")

    each()


def test_any_other_exception_is_a_failure(monkeypatch):
    case = Case({"t.json": as_json(a_document())}, "t.json")
    assert outcome(case) == "read"
    monkeypatch.setattr("benchmarks.fuzz.read", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        outcome(case)


def test_a_refusal_of_several_lines_is_a_failure(monkeypatch):
    monkeypatch.setattr("benchmarks.fuzz.refusal", lambda *_: "one\ntwo")
    with pytest.raises(AssertionError, match="not one line"):
        outcome(Case({}, "nothing"))
