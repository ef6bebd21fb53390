"""API keys: hashed at rest, scopes, rates, a file that is read again; who is served without."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_rows import REQUEST
from server_process import ROOT, RunningServer, serving

from features.server.keys import ApiKey, KeyFileError, make_key, matching, read_keys, write_keys
from features.server.protos import serving_pb2 as messages
from features.server.rate import TokenBucket

MIXTURE = {"feature_service": "mixture", "entities": {"source": ["source-1"]}}


def tokenlake(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "jobs", *arguments], capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file of keys, and the keys themselves by name."""
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    made = {
        "all": make_key("all", ["*"], None, None, ""),
        "mixture": make_key("mixture", ["mixture"], None, None, ""),
        "slow": make_key("slow", ["mixture"], 0.5, 2, ""),
        "push": make_key("push", ["push"], None, None, ""),
    }
    write_keys(file, [entry for entry, _ in made.values()])
    return file, {name: key for name, (_, key) in made.items()}


@pytest.fixture(scope="module")
def guarded(
    filled_valkey: str, keys: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    lake = tmp_path_factory.mktemp("lake")
    with serving(lake, "--online", filled_valkey, "--keys", str(keys[0])) as running:
        yield running


def test_without_a_key_nothing_is_answered(guarded: RunningServer) -> None:
    found = guarded.features(MIXTURE)
    assert (found.status, found.headers["www-authenticate"]) == (401, "Bearer")
    assert guarded.features(MIXTURE, x_api_key="tlk_00000000_guess").status == 401


def test_a_key_comes_in_either_header(guarded: RunningServer, keys) -> None:
    assert guarded.features(MIXTURE, x_api_key=keys[1]["mixture"]).status == 200
    assert guarded.features(MIXTURE, authorization=f"Bearer {keys[1]['mixture']}").status == 200


def test_a_key_reads_the_services_of_its_scopes_alone(guarded: RunningServer, keys) -> None:
    found = guarded.features(REQUEST, x_api_key=keys[1]["mixture"])
    assert found.status == 403
    assert "translation_request" in found.json["detail"]
    by_name = {"features": ["source_quality:tokens"], "entities": {"source": ["a"]}}
    assert guarded.features(by_name, x_api_key=keys[1]["mixture"]).status == 403
    assert guarded.features(by_name, x_api_key=keys[1]["all"]).status == 200


def test_only_the_scope_push_pushes(guarded: RunningServer, keys) -> None:
    body = {"push_source_name": "nope_push", "df": {}}
    assert guarded.ask("/push", body, {"x-api-key": keys[1]["all"]}).status == 403
    assert guarded.ask("/push", body, {"x-api-key": keys[1]["push"]}).status != 403
    assert guarded.features(MIXTURE, x_api_key=keys[1]["push"]).status == 403


def test_beyond_its_rate_a_key_waits(guarded: RunningServer, keys) -> None:
    statuses = [guarded.features(MIXTURE, x_api_key=keys[1]["slow"]).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    found = guarded.features(MIXTURE, x_api_key=keys[1]["slow"])
    assert 1 <= int(found.headers["retry-after"]) <= 2
    assert guarded.metric("tokenlake_features_rate_limited_total") >= 2


def test_probes_and_metrics_need_no_key(guarded: RunningServer) -> None:
    assert [guarded.ask(path).status for path in ("/health", "/ready", "/metrics", "/openapi.json")] == [200] * 4


def test_grpc_takes_the_key_as_metadata(guarded: RunningServer, keys) -> None:
    sent = messages.GetOnlineFeaturesRequest(feature_service="mixture")
    sent.entities["source"].val.add(string_val="source-1")
    with grpc.insecure_channel(f"127.0.0.1:{guarded.grpc_port}") as channel:
        call = channel.unary_unary("/feast.serving.ServingService/GetOnlineFeatures")
        with pytest.raises(grpc.RpcError) as raised:
            call(sent.SerializeToString(), timeout=10)
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        metadata = (("authorization", f"Bearer {keys[1]['mixture']}"),)
        assert call(sent.SerializeToString(), timeout=10, metadata=metadata)


def test_a_revoked_key_is_refused_within_a_second_or_so(filled_valkey: str, tmp_path: Path) -> None:
    file = tmp_path / "lake" / "features" / "keys.json"
    (tmp_path / "lake").mkdir()
    added = tokenlake("features", "keys", "add", str(tmp_path / "lake"), "gateway", "--scope", "mixture")
    key = added.stdout.strip()
    assert key.startswith("tlk_")
    assert key.split("_", 2)[2] not in file.read_text()
    assert os.stat(file).st_mode & 0o077 == 0
    with serving(tmp_path / "lake", "--online", filled_valkey) as server:
        assert server.features(MIXTURE).status == 401
        assert server.features(MIXTURE, x_api_key=key).status == 200
        assert "gateway" in tokenlake("features", "keys", "list", str(tmp_path / "lake")).stdout
        assert tokenlake("features", "keys", "revoke", str(tmp_path / "lake"), "gateway").returncode == 0
        end = time.monotonic() + 5
        while server.features(MIXTURE, x_api_key=key).status != 401:
            assert time.monotonic() < end
            time.sleep(0.1)
        file.write_text("{")
        end = time.monotonic() + 5
        while not any(event["event"] == "keys_unreadable" for event in server.events):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert server.features(MIXTURE).status == 401


def test_without_keys_other_machines_are_not_served(filled_valkey: str, tmp_path: Path) -> None:
    refused = tokenlake("features", "serve", str(tmp_path), "--online", filled_valkey, "--host", "0.0.0.0")
    assert refused.returncode == 2
    assert "--no-auth" in refused.stderr


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3), st.text(max_size=20))
def test_only_the_whole_key_matches(scopes: list[str], other: str) -> None:
    entry, key = make_key("name", scopes, None, None, "")
    known: dict[str, ApiKey] = {entry.id: entry}
    assert matching(known, key) == entry
    assert matching(known, key[:-1]) is None
    assert matching(known, other) is None
    assert matching(known, f"tlk_{entry.id}_{other}") is None


@pytest.mark.parametrize("name", ["", " ", "two\nlines"])
def test_a_key_has_a_name(name: str) -> None:
    with pytest.raises(KeyFileError, match="is no name of a key"):
        make_key(name, ["mixture"], None, None, "now")


def test_keys_survive_the_file(tmp_path: Path) -> None:
    entries = [make_key("a", ["*"], 2, None, "")[0], make_key("b", ["x", "push"], None, None, "")[0]]
    write_keys(tmp_path / "k.json", entries)
    assert list(read_keys(tmp_path / "k.json").values()) == entries


def test_keys_that_are_made_at_once_are_all_kept(tmp_path: Path) -> None:
    tmp_path.joinpath("lake").mkdir()
    words = ["features", "keys", "add", str(tmp_path / "lake"), "--scope", "mixture"]
    adding = [subprocess.Popen([sys.executable, "-m", "jobs", *words, f"key{n}"], cwd=ROOT) for n in range(6)]
    assert [process.wait(60) for process in adding] == [0] * 6
    kept = read_keys(tmp_path / "lake" / "features" / "keys.json").values()
    assert {key.name for key in kept} == {f"key{n}" for n in range(6)}


@given(st.floats(0.1, 100), st.floats(1, 50), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_rate_and_burst(rate: float, burst: float, pauses: list[float]) -> None:
    bucket, now, given_tokens = TokenBucket(rate, burst), 0.0, 0
    for pause in pauses:
        now += pause
        wait = bucket.take(now)
        given_tokens += wait == 0
        assert given_tokens <= burst + rate * now + 1e-6


def test_a_bucket_says_when_to_ask_again() -> None:
    bucket = TokenBucket(rate=2, burst=1)
    assert bucket.take(10.0) == 0
    assert bucket.take(10.0) == pytest.approx(0.5)
    assert bucket.take(10.51) == 0
