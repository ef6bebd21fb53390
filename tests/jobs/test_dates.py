"""Days as they are written on the command line."""

from datetime import date

import pytest

from jobs.dates import DateError, day, days, sources_of
from pipelines.readers.config import SourceConfig


def test_a_range_has_both_its_ends_and_every_day_between_them():
    assert days("2028-02-27..2028-03-01") == [
        date(2028, 2, 27), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)
    ]  # fmt: skip
    assert days("2026-11-20") == days("2026-11-20..2026-11-20") == [date(2026, 11, 20)]


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20261120", "2026-W47-5", "2026-11-20T00:00", " 2026-11-20", "", "٢٠٢٦-11-20"]
)
def test_what_is_no_day_in_one_spelling_is_refused(text):
    with pytest.raises(DateError, match="is no day: write YYYY-MM-DD"):
        day(text)
    with pytest.raises(DateError):
        days(f"{text}..2026-11-21")


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(DateError, match="2026-11-19 is before 2026-11-20: write the first day first"):
        days("2026-11-20..2026-11-19")


def test_a_run_of_a_day_reads_the_sources_that_tell_days_apart():
    web, books = SourceConfig(name="web", path="/in/{date}/*"), SourceConfig(name="books", path="/books")
    assert sources_of([web, books], None) == [web, books]
    assert sources_of([web, books], date(2026, 11, 20)) == [web]
    with pytest.raises(DateError, match=r'such as path: "/data/\{date\}/\*\.jsonl"'):
        sources_of([books], date(2026, 11, 20))
