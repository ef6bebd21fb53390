"""Commits by conditional puts: of several writers one makes a version, and a lost answer is no lost commit."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from faulty_proxy import LoseAnswer

from lake.commits import CommitMetadata
from lake.lake import ConcurrentCommitError, Lake
from pipelines.tables import TOKENS


def rows(run_id, *doc_ids):
    empty = dict.fromkeys(TOKENS.schema.names)
    return pa.Table.from_pylist([{**empty, "doc_id": each, "run_id": run_id} for each in doc_ids], TOKENS.schema)


def note(run_id, mode="append"):
    return CommitMetadata(run_id, "tokenize", mode, "c", "v", {}, 0.0)


def commit_many(root, writer, commits):
    """Appends one row a commit, each on the newest version; returns how often another was first."""
    lake, lost = Lake(root), 0
    for number in range(commits):
        run_id = f"tokenize-{writer:08x}{number:08x}"
        files = lake.write(rows(run_id, f"{writer} {number}"), TOKENS, run_id)
        while True:
            try:
                lake.commit_files(files, TOKENS, note(run_id), "append", lake.version("tokens"))
                break
            except ConcurrentCommitError:
                lost += 1
    return lost


def commits_of(root):
    """(version, run id) of all commits, and the rows that the table then holds."""
    lake = Lake(root)
    found = [(commit.version, commit.metadata.run_id) for commit in lake.commits("tokens")]
    return sorted(found), sorted(lake.read_here("tokens", ["doc_id"])["doc_id"].to_pylist())


FEW = pytest.param(3, 6, id="three")
MANY = pytest.param(8, 20, id="eight", marks=pytest.mark.slow)


@pytest.mark.parametrize(("writers", "each"), [FEW, MANY])
def test_of_writers_in_threads_each_version_has_one_and_no_commit_is_lost(bucket, writers, each):
    with ThreadPoolExecutor(writers) as pool:
        lost = list(pool.map(lambda writer: commit_many(bucket.uri("lake"), writer, each), range(writers)))
    assert sum(lost) > 0
    require_all(bucket.uri("lake"), writers, each)


@pytest.mark.parametrize(("writers", "each"), [FEW, MANY])
def test_of_writers_in_processes_each_version_has_one_and_no_commit_is_lost(bucket, writers, each):
    with multiprocessing.get_context("forkserver").Pool(writers) as pool:
        lost = pool.starmap(commit_many, [(bucket.uri("lake"), writer, each) for writer in range(writers)])
    assert sum(lost) > 0
    require_all(bucket.uri("lake"), writers, each)


def require_all(root, writers, each):
    versions, documents = commits_of(root)
    assert [version for version, _ in versions] == list(range(writers * each))
    assert len({run_id for _, run_id in versions}) == writers * each
    assert documents == sorted(f"{writer} {number}" for writer in range(writers) for number in range(each))


def test_the_loser_of_two_is_told_and_its_rows_are_not_there(bucket):
    root = bucket.uri("lake")
    first, second = Lake(root), Lake(root)
    first.append(rows("tokenize-a", "a"), TOKENS, note("tokenize-a"), -1)
    with pytest.raises(ConcurrentCommitError, match="tokens: another run committed meanwhile"):
        second.append(rows("tokenize-b", "b"), TOKENS, note("tokenize-b"), -1)
    assert commits_of(root) == ([(0, "tokenize-a")], ["a"])


def is_commit(request):
    return request.method == "PUT" and "/_delta_log/" in request.path


@pytest.fixture
def losing(proxy):
    """The answers to the next commits are lost; gives how many were."""
    lost, one = [], threading.Lock()

    def rule(request):
        with one:
            if is_commit(request) and len(lost) < 1:
                lost.append(request)
                return LoseAnswer()
        return None

    def arm():
        lost.clear()
        proxy.rule = rule
        return lost

    return arm


def test_a_commit_whose_answer_is_lost_is_our_own(losing, bucket):
    lake = Lake(bucket.uri("lake"))
    lost = losing()
    lake.append(rows("tokenize-a", "a"), TOKENS, note("tokenize-a"), -1)
    assert len(lost) == 1
    lost = losing()
    lake.append(rows("tokenize-b", "b"), TOKENS, note("tokenize-b"), 0)
    assert len(lost) == 1
    lost = losing()
    lake.commit_files(
        lake.write(rows("tokenize-c", "c"), TOKENS, "tokenize-c"), TOKENS, note("tokenize-c"), "append", None
    )
    assert len(lost) == 1
    assert commits_of(lake.root) == ([(0, "tokenize-a"), (1, "tokenize-b"), (2, "tokenize-c")], ["a", "b", "c"])


def test_a_change_whose_answer_is_lost_is_made_once(losing, bucket):
    lake = Lake(bucket.uri("lake"))
    lake.append(rows("tokenize-a", "a", "b"), TOKENS, note("tokenize-a"), -1)
    lost = losing()
    added = lake.write(rows("tokenize-b", "c"), TOKENS, "tokenize-b")
    lake.exchange(TOKENS, pa.table({"doc_id": ["a"]}), added, note("tokenize-b"))
    assert len(lost) == 1
    assert commits_of(lake.root) == ([(0, "tokenize-a"), (1, "tokenize-b")], ["b", "c"])
    lost = losing()
    lake.change(
        TOKENS,
        lake.files("tokens"),
        lake.write(rows("tokenize-c", "d"), TOKENS, "tokenize-c"),
        note("tokenize-c", "change"),
        1,
    )
    assert len(lost) == 1
    assert commits_of(lake.root)[1] == ["d"]
