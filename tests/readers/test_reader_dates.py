"""`{date}` in the path of a source: which files it names, on any day and on one."""

import os
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import SourceError, find
from pipelines.readers.listing import list_files
from pipelines.readers.path_patterns import PathPattern
from pipelines.readers.spark import list_inputs

FRIDAY = date(2026, 11, 20)


def source(*paths, **options) -> SourceConfig:
    return SourceConfig(name="s", path=tuple(map(str, paths)), **options)


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def paths(config: SourceConfig, day: date | None = None) -> list[str]:
    return [file.path for file in list_files(config, day=day)]


def test_any_day_is_read_and_nothing_that_is_no_day(tmp_path):
    write(tmp_path, "2026-11-19/a.txt", "2026-11-20/b.txt", "latest/c.txt", "2026-02-30/d.txt", "2026-13-01/e.txt")
    write(tmp_path, "20261120/f.txt", "2026-11-20-old/g.txt", "0000-01-01/h.txt")
    assert paths(source(f"{tmp_path}/{{date}}/*.txt")) == ["2026-11-19/a.txt", "2026-11-20/b.txt"]


def test_one_day_is_a_part_of_all_days_under_the_same_paths(tmp_path):
    write(tmp_path, "in/dt=2026-11-19/x/a.txt", "in/dt=2026-11-20/x/b.txt", "in/dt=2026-11-20/.hidden.txt")
    config = source(f"{tmp_path}/in/dt={{date}}")
    assert paths(config) == ["dt=2026-11-19/x/a.txt", "dt=2026-11-20/x/b.txt"]
    assert paths(config, FRIDAY) == ["dt=2026-11-20/x/b.txt"]
    assert list_files(config, day=FRIDAY)[0].partition == (("dt", "2026-11-20"),)


def test_in_a_file_name_a_day_is_excluded_as_by_a_wildcard(tmp_path):
    write(tmp_path, "web-2026-11-20.txt", ".web-2026-11-20.txt", "web-2026-11-21.txt")
    assert paths(source(f"{tmp_path}/web-{{date}}.txt"), FRIDAY) == ["web-2026-11-20.txt"]
    with pytest.raises(SourceError, match="no file at"):
        paths(source(f"{tmp_path}/.web-{{date}}.txt"))
    assert paths(source(f"{tmp_path}/.web-{{date}}.txt"), FRIDAY) == []


def test_where_it_stands_twice_both_are_the_same_day(tmp_path):
    write(tmp_path, "2026-11-20/2026-11-20.txt", "2026-11-20/2026-11-19.txt")
    config = source(f"{tmp_path}/{{date}}/{{date}}.txt")
    assert paths(config) == paths(config, FRIDAY) == ["2026-11-20/2026-11-20.txt"]


def test_paths_without_it_are_no_part_of_a_day(tmp_path):
    write(tmp_path, "2026-11-20/a.txt", "fixed/b.txt")
    config = source(f"{tmp_path}/{{date}}", f"{tmp_path}/fixed")
    assert paths(config) == ["2026-11-20/a.txt", "fixed/b.txt"]
    assert paths(config, FRIDAY) == ["2026-11-20/a.txt"]


def test_a_day_without_files_is_no_error_but_a_source_without_any_is(tmp_path):
    write(tmp_path, "latest/a.txt")
    config = source(f"{tmp_path}/{{date}}/*.txt")
    assert paths(config, FRIDAY) == []
    with pytest.raises(SourceError, match=r"'s': no file at .*\{date\}"):
        paths(config)


def test_the_root_may_hold_no_date():
    with pytest.raises(ValidationError, match="name the folder above all days"):
        source("/in/{date}", root="/in/{date}")


def test_of_a_table_with_days_as_partitions_a_day_has_the_files_of_its_partition(tmp_path):
    rows = pa.table({"text": ["one", "two", "three"], "dt": ["2026-11-19", "2026-11-20", "__none__"]})
    write_deltalake(str(tmp_path / "table"), rows, partition_by=["dt"])
    write_deltalake(str(tmp_path / "table"), rows.slice(0, 2), mode="overwrite", predicate="dt <> '__none__'")
    config = source(f"{tmp_path}/table/dt={{date}}/**")
    found = {day: [file.partition for file in list_inputs(config, day=day)] for day in (None, FRIDAY)}
    assert sorted(found[None]) == [(("dt", "2026-11-19"),), (("dt", "2026-11-20"),)]
    assert found[FRIDAY] == [(("dt", "2026-11-20"),)]
    assert len(list(tmp_path.glob("table/dt=2026-11-20/*"))) == 2  # one of them left the table


def test_folders_of_other_days_are_not_listed(tmp_path, monkeypatch):
    for number in range(20):
        write(tmp_path, f"web/{FRIDAY - timedelta(number)}/deep/a.txt")
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    assert len(find(source(f"{tmp_path}/*/{{date}}/**/*.txt"), day=FRIDAY)) == 1
    assert [path.removeprefix(str(tmp_path)) for path in listed] == [
        "", "/web", "/web/2026-11-20", "/web/2026-11-20/deep"
    ]  # fmt: skip


NAMES = st.sampled_from(
    ["2026-11-19", "2026-11-20", "x2026-11-20", "2026-02-30", "2026-02-302026-11-21", "latest", "a"]
)
GLOBS = st.sampled_from(["{date}", "*{date}*", "*", "**", "x{date}", "a", "[a-z]*", "{date}{date}"])


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(GLOBS, min_size=1, max_size=4))
def test_what_is_named_is_what_some_day_names_and_its_folders_are_entered(names, globs):
    location, pattern = "/".join(["/data", *names]), "/".join(["/data", *globs])
    days = [date(2026, 3, 2), date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]
    dated = [PathPattern("/data", pattern.removeprefix("/data/"), day) for day in days]
    whole = PathPattern("/data", pattern.removeprefix("/data/"))
    named = [each for each in (dated if whole.is_dated else [whole]) if each.names(location)]
    assert whole.names(location) == bool(named)
    for each in named:
        above = ["/".join(["/data", *names[:depth]]) for depth in range(1, len(names))]
        assert all(each.may_hold(folder) and whole.may_hold(folder) for folder in above)
