"""A password that goes through the real engine stays out of its queue, its logs, its argv and its database."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import redis
from django.db import connection

from cameras.models import CheckResult, Run
from cctv_ops import broker
from tests.cameras.simulated import enter
from tests.engine.campus_rows import wait_until_over
from tests.engine.engine import Engine
from tests.engine.test_on_commit import ask

CANARY = "CANARY-5d1c-parola"


def everything_in(engine: Engine) -> str:
    """All keys and values of the broker and what it keeps on disk, every table, what programs wrote and are called."""
    found = []
    with redis.Redis(unix_socket_path=str(broker.socket_path(engine.broker.folder))) as client:
        for key in client.scan_iter():
            found.append(repr((key, client.dump(key))))
        # Bodies of messages are in base64.
        for message in client.lrange("checks", 0, -1):
            found.append(repr(base64.b64decode(json.loads(message)["body"])))
            found.append(repr(message))
    files = [path for path in engine.broker.folder.rglob("*") if path.is_file()]
    found += [repr(path.read_bytes()) for path in files]
    found += [program.log.read_text(errors="replace") for program in engine.programs]
    for program in engine.programs:
        for pid in [program.process.pid, *program.children]:
            for name in ("cmdline", "environ"):
                found.append(Path(f"/proc/{pid}/{name}").read_text(errors="replace"))
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)


def test_a_canary_password_is_used_and_seen_nowhere(engine, served):
    """Bad input: never a password in a log, queue or argv, while devices are asked with it and refuse it."""
    campus = served(3, 1)
    users = [user for device in campus.devices for user in device.users.values()]
    for user in users:
        user.password = CANARY
    enter(campus.devices)
    users[0].password = "another one"
    ask(engine, "done")
    waiting = everything_in(engine)
    engine.worker(pool=1)
    run = Run.objects.get()
    wait_until_over(engine, run)

    answers = CheckResult.objects.filter(device_check__run=run)
    assert answers.filter(answer="YES").exists()
    assert answers.filter(reason="CREDENTIAL_REFUSED").exists()
    assert "work_due_checks" in waiting
    assert CANARY not in waiting
    assert CANARY not in everything_in(engine)
