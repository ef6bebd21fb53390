"""Wrong, missing and expiring keys: a message that says what to do, soon, and no secret in anything written."""

import json
import os
import re

import corpus
import fault_lakes
import pytest
from commands import tokenlake
from faulty_proxy import Refuse
from s3_server import without_store

TOKEN = "SessionTokenThatNobodyMaySee0123456789"
SIGNATURE = re.compile(rb"[Ss]ignature=[0-9a-f]{16}|X-Amz-Signature|AWS4-HMAC")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refused")
    return fault_lakes.write_config(folder / "run.yaml", folder / "unused", corpus.make(folder / "corpus", 20))


WRONG_SECRET = "w" * 40

REFUSED = [
    pytest.param({"AWS_SECRET_ACCESS_KEY": WRONG_SECRET}, "SignatureDoesNotMatch", id="wrong secret"),
    pytest.param({"AWS_ACCESS_KEY_ID": "nobody"}, "the store does not know the access key", id="unknown key"),
    pytest.param({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "Check AWS_ENDPOINT_URL", id="no store there"),
]


@pytest.mark.parametrize(("changed", "said"), REFUSED)
def test_a_run_that_is_refused_ends_soon_and_says_what_to_set(bucket, config, changed, said):
    done = tokenlake("run", config, "--lake", bucket.uri("lake"), environment={**os.environ, **changed})
    assert done.status in (1, 2)
    assert said in done.said
    assert "AWS_" in done.said
    assert done.seconds < 60
    has_no_secret(done.said.encode(), WRONG_SECRET)


def test_a_run_without_any_keys_is_told_which_to_set(bucket, config):
    environment = {**without_store(dict(os.environ)), "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}
    done = tokenlake("run", config, "--lake", bucket.uri("lake"), environment=environment)
    assert done.status in (1, 2)
    assert "no keys of the store are set. Set AWS_ACCESS_KEY_ID" in done.said
    assert done.seconds < 60


@pytest.mark.parametrize("command", [("tables",), ("check",), ("report",)])
def test_a_bucket_that_does_not_exist_is_named(server, command):
    done = tokenlake(*command, "s3://there-is-none/lake")
    assert done.status in (1, 2)
    assert "s3://there-is-none/lake" in done.said
    assert "the bucket does not exist. Create it, or name another" in done.said


def test_keys_that_expire_during_a_run_end_it_and_the_next_one_goes_on(server, bucket, config, proxy):
    expired = []

    def rule(request):
        if "measures/_delta_log/00" in request.path and request.method == "PUT":
            expired.append(request)
        return Refuse(403, "ExpiredToken") if expired else None

    proxy.rule = rule
    arguments = ("run", config, "--lake", bucket.uri("lake"), "--log-json")
    done = tokenlake(*arguments)
    assert done.status == 1
    assert "the temporary keys have expired. Renew AWS_ACCESS_KEY_ID" in done.said
    assert "run the same command again" in done.said
    assert any(json.loads(line)["event"] == "error" for line in done.said.splitlines() if line.startswith("{"))
    has_no_secret(done.said.encode() + done.output.encode(), server.secret_key)
    proxy.rule = lambda request: None
    again = tokenlake(*arguments)
    assert again.status == 0, again.said[-3000:]
    files = [path for path in bucket.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    has_no_secret(b"".join(path.read_bytes() for path in files), server.secret_key)
    has_no_secret(again.said.encode() + again.output.encode(), server.secret_key)


def has_no_secret(content, secret):
    assert secret.encode() not in content
    assert TOKEN.encode() not in content
    assert not SIGNATURE.search(content)
