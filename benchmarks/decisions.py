"""Two superiors decide at the same moment, 200 times: does exactly one decision stand each time?

`bin/bench decisions [--rounds 200]` (B3 at full size). PostgreSQL; two threads wait at a gate and press
together, one approving, one refusing. The baseline is read, check, save, as one would write it without
thought: how often both go through shows that the threads really meet. The last line is JSON: `rounds`,
`two_decisions` (goal 0), `none` (goal 0), `naive_two_decisions` (baseline), `ms_per_decision`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.parts.ending import run, say
from tests.postgres import Cluster


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": cluster.url("postgres"),
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        say(
            f"{rounds} requests, each decided by two superiors at once; then the same without guard."
        )
        return {"benchmark": "decisions", **measure(rounds)}


def measure(rounds: int) -> dict[str, Any]:
    from core.steps import InvalidTransition
    from footage_requests.decisions import deciding
    from footage_requests.errors import Refused
    from footage_requests.models import Decision, FootageRequest
    from tests.inventory import rows
    from tests.requests.case import Campus

    campus, other = Campus(), rows.person("SUPERIOR")
    camera = campus.camera()
    counts: list[int] = []
    naive: list[int] = []
    took = 0.0
    for _round in range(rounds):
        request = campus.submitted(camera)
        refusal = campus.choice(request, "REFUSE", codes=[campus.code().code])
        acts = [
            partial(deciding.decide, request, campus.choice(request), by=campus.superior),
            partial(deciding.decide, request, refusal, by=other),
        ]
        began = time.perf_counter()
        at_once(acts, (InvalidTransition, Refused))
        took += time.perf_counter() - began
        counts.append(Decision.objects.filter(request=request).count())
        unguarded = campus.submitted(camera)
        saved: list[str] = []
        tries = [
            partial(read_check_save, FootageRequest, unguarded.pk, status, saved)
            for status in ("APPROVED", "REFUSED")
        ]
        at_once(tries, ())
        naive.append(len(saved))
    return {
        "rounds": rounds,
        "two_decisions": sum(count > 1 for count in counts),
        "none": sum(count == 0 for count in counts),
        "naive_two_decisions": sum(count > 1 for count in naive),
        "ms_per_decision": round(1000 * took / rounds, 1),
    }


def read_check_save(model: Any, key: int, status: str, saved: list[str]) -> None:
    """The way that loses: between reading and saving the other one reads as well."""
    row = model.objects.get(pk=key)
    if row.status != model.Status.AWAITING_DECISION:
        return
    row.status = status
    row.save(update_fields=["status"])
    saved.append(status)


def at_once(acts: Sequence[Callable[[], Any]], expected: tuple[type[Exception], ...]) -> None:
    """Runs all at the same moment, each with a connection of its own; other errors are raised."""
    from django.db import connection

    gate = threading.Barrier(len(acts))
    failed: list[BaseException] = []

    def act(work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(30)
            work()
        except expected:
            return
        except Exception as error:  # noqa: BLE001  (told by the main thread)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(work,)) for work in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failed:
        raise failed[0]


if __name__ == "__main__":
    run(main)
