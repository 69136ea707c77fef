"""Everything fails, in an order that the seed draws, with every kind of task under way on three databases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests.server.faults import scene
from tests.server.faults.mixture import Mixture
from tests.support.bad_network import BadNetwork
from tests.support.database import Database, conninfo_by_way_of
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator

pytestmark = pytest.mark.long

FAULTS = 60
RUNS = 12


@pytest.fixture
def network(far_db: Database, rng: random.Random) -> Iterator[BadNetwork]:
    """The way from the server to the target that may be killed."""
    made = BadNetwork(far_db.server.host, far_db.server.port, rng)
    yield made
    made.close()


class Storm:
    """What can happen, each a method that says how often it has."""

    def __init__(self, near_db: Database, far_db: Database, network: BadNetwork, rng: random.Random) -> None:
        self.near_db, self.far_db, self.network, self.rng = near_db, far_db, network, rng
        self.orchestrator = Orchestrator(near_db).start()
        self.kinds: dict[str, Callable[[], int]] = {
            "orchestrator terminated": self.terminate,
            "orchestrator killed": self.kill_orchestrator,
            "orchestrator replaced": self.replace,
            "orchestrators started at once": self.start_at_once,
            "server killed": self.kill_server,
            "target killed": self.kill_target,
            "target stopped": self.stop_target,
            "session terminated": self.terminate_sessions,
            "network dropped": self.drop,
            "network reset": self.reset,
            "network stalled": self.stall,
            "network slow": self.slow_down,
            "connection cut at a query": self.cut,
            "table locked": self.lock,
        }

    def strike(self, kind: str) -> int:
        """Have a fault of the kind happen; afterwards all servers and an orchestrator are there."""
        hits = self.kinds[kind]()
        for db in (self.near_db, self.far_db):
            db.server.start()
            scene.reachable(db)
        if not self.orchestrator.is_running():
            self.orchestrator = Orchestrator(self.near_db, force=True).start()
        return hits

    def wait(self, longest: float) -> None:
        """Let a random part of some seconds pass."""
        time.sleep(self.rng.uniform(0, longest))

    def terminate(self) -> int:
        self.orchestrator.terminate()
        return 1

    def kill_orchestrator(self) -> int:
        self.orchestrator.kill9()
        return 1

    def replace(self) -> int:
        follower = Orchestrator(self.near_db, force=True).start()
        self.orchestrator.join()
        self.orchestrator = follower
        return 1

    def start_at_once(self) -> int:
        rivals = [Orchestrator(self.near_db).launch() for _ in range(3)]
        for rival in rivals:
            rival.join()
        assert self.orchestrator.is_running()
        return len(rivals)

    def kill_server(self) -> int:
        self.near_db.server.kill9()
        self.orchestrator.join()
        return 1

    def kill_target(self) -> int:
        self.far_db.server.kill9()
        self.wait(0.3)
        return 1

    def stop_target(self) -> int:
        self.far_db.server.shut_down()
        self.wait(0.3)
        return 1

    def terminate_sessions(self) -> int:
        where = self.rng.choice([self.near_db, self.far_db])
        which = self.rng.choice(["slot", "control", ""])
        return scene.signal_sessions(where, self.rng, self.rng.randint(1, 4), which=which)

    def drop(self) -> int:
        self.network.drop()
        return 1

    def reset(self) -> int:
        self.network.reset()
        return 1

    def stall(self) -> int:
        """Nothing passes one way; what is there then is late, or the connections are half-open at last."""
        self.network.stall(self.rng.choice(["there", "back"]))
        self.wait(0.4)
        if self.rng.random() < 0.5:
            self.network.reset()
        self.network.go_on()
        return 1

    def slow_down(self) -> int:
        self.network.delay = 0.02
        self.wait(0.4)
        self.network.delay = 0.0
        return 1

    def cut(self) -> int:
        pattern = self.rng.choice([b"DO ", b"async.attend", b"register_epoch"])
        place = self.rng.choice(["before", "within", "after"])
        trap = self.network.set_trap(pattern, place, times=2, chance=0.5)  # type: ignore[arg-type]
        self.wait(0.4)
        self.network.disarm()
        return 2 - trap.left

    def lock(self) -> int:
        """Somebody holds a lock on a table that is written to all the time."""
        where = self.rng.choice([self.near_db, self.far_db])
        table = self.rng.choice(["async.receipt_0", "async.receipt_1", "async.request"])
        with where.connect() as session, session.transaction():
            session.execute(f"LOCK TABLE {table} IN SHARE MODE")
            self.wait(0.3)
        return 1


def test_storm(
    near_db: Database,
    far_db: Database,
    late_db: Database,
    network: BadNetwork,
    faults: Faults,
    rng: random.Random,
) -> None:
    """Sixty faults while a dozen runs come and go."""
    mixture = Mixture(near_db, far_db, late_db, conninfo_by_way_of(far_db.conninfo, network.port))
    storm = Storm(near_db, far_db, network, rng)
    kinds = list(storm.kinds) * (FAULTS // len(storm.kinds))
    kinds += rng.choices(list(storm.kinds), k=FAULTS - len(kinds))
    rng.shuffle(kinds)
    print("faults, in this order:", *kinds, sep="\n")
    for number, kind in enumerate(kinds):
        if number % (FAULTS // RUNS) == 0:
            mixture.begin()
        storm.wait(0.1)
        faults.hit(kind, storm.strike(kind))
        if rng.random() < 0.5:
            mixture.stir()
    mixture.check(timeout=120)
    scene.check_nothing_is_left(near_db, storm.orchestrator, far_db, late_db)
