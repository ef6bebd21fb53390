"""Which files are put together: neighbours, enough of them, none much larger than the others."""

from hypothesis import given
from hypothesis import strategies as st

from lake.data_files import DataFile
from lake.maintenance.compaction_plan import Rules, groups

RULES = Rules(target=1000, fewest=4)


def files(*sizes, folder=""):
    return [
        DataFile(f"{folder}part-run-{number:012x}.parquet", size, 1, {"split": folder} if folder else {})
        for number, size in enumerate(sizes)
    ]


def sizes(chosen):
    return [[file.size for file in group] for group in chosen]


def test_small_files_become_one():
    assert sizes(groups(files(10, 10, 10, 10, 10), RULES)) == [[10] * 5]


def test_a_few_small_files_stay():
    assert groups(files(10, 10, 10), RULES) == []


def test_no_group_is_larger_than_the_target():
    assert sizes(groups(files(*[240] * 9), RULES)) == [[240] * 4, [240] * 4]


def test_files_of_half_the_target_stay_and_part_their_neighbours():
    assert sizes(groups(files(10, 10, 10, 10, 500, 20, 20, 20, 20), RULES)) == [[10] * 4, [20] * 4]


def test_a_file_that_holds_most_of_a_group_is_not_written_again():
    assert sizes(groups(files(400, 10, 10, 10, 10), RULES)) == [[10] * 4]
    assert sizes(groups(files(40, 10, 10, 10, 10), RULES)) == [[40, 10, 10, 10, 10]]


def test_partitions_are_never_mixed():
    assert groups([*files(10, 10, folder="heldout"), *files(10, 10, folder="train")], RULES) == []


def test_files_of_other_programs_and_of_unknown_rows_stay():
    found = files(10, 10, 10, 10)
    assert groups([DataFile("part-00000-c000.snappy.parquet", 10, 1), *found[1:]], RULES) == []
    assert groups([DataFile(found[0].path, 10, -1), *found[1:]], RULES) == []


@given(st.lists(st.integers(1, 1200), max_size=60))
def test_every_group_is_worth_it_and_consists_of_neighbours(given_sizes):
    found = files(*given_sizes)
    place = {file.path: number for number, file in enumerate(found)}
    for group in groups(found, RULES):
        places = [place[file.path] for file in group]
        assert places == list(range(places[0], places[0] + len(places)))
        assert len(group) >= RULES.fewest
        assert 2 * max(file.size for file in group) <= sum(file.size for file in group) <= RULES.target


@given(st.lists(st.integers(1, 60), max_size=200), st.integers(1, 9))
def test_bytes_are_written_again_a_bounded_number_of_times(arrivals, between):
    """Files arrive at random places; after each few of them upkeep runs."""
    present: list[tuple[int, int]] = []  # (size, times the most often written byte of it was written again)
    for number, size in enumerate(arrivals):
        present.insert((number * 7919) % (len(present) + 1), (size, 0))
        if number % between == 0:
            present = upkeep(present)
    assert all(2**times <= RULES.target for _, times in present)
    assert upkeep(present) == upkeep(upkeep(present))


def upkeep(present):
    found = files(*(size for size, _ in present))
    place = {file.path: number for number, file in enumerate(found)}
    for group in reversed(groups(found, RULES)):
        first, last = place[group[0].path], place[group[-1].path]
        members = present[first : last + 1]
        present = [
            *present[:first],
            (sum(m[0] for m in members), 1 + max(m[1] for m in members)),
            *present[last + 1 :],
        ]
    return present
