"""Fills a database with a year, and measures pages and API over it, in a process of its own."""

from __future__ import annotations

import http.client
import itertools
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.parts.campus import free_port
from benchmarks.parts.memory import cpu_seconds, family
from benchmarks.parts.tables import make_tables
from benchmarks.parts.year import Year

WARM_UP = 10
COUNTED = 12
"""Turns whose queries are counted; the largest number stands. Neither is more than the turns asked for."""
CALLERS = 4
API = "/api/v1/devices/?kind=CAMERA&page_size=50"


def _django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("compile_catalogues", verbosity=0)


def fill(cameras: int, days: int, requests: int) -> dict[str, Any]:
    """An empty database becomes a campus with so many cameras, days and open requests."""
    _django()
    make_tables()
    Year(cameras, days, requests).write()
    return {"rows": cameras * days}


def measure(database_pid: int, turns: int, seconds: float) -> dict[str, Any]:
    """Every page for a person of the whole campus and for one of one building, then the API."""
    _django()
    from django.test import override_settings

    with override_settings(ROOT_URLCONF="benchmarks.parts.bare", ALLOWED_HOSTS=["*"]):
        rows = [
            Measured(page, name, cookie, urls, database_pid).row(turns)
            for name, cookie in _people()
            for page, urls in _urls().items()
        ]
    return {"pages": rows, **_calls(database_pid, seconds)}


def _people() -> list[tuple[str, str]]:
    """Who reads, by their session's cookie."""
    from django.conf import settings
    from django.test import Client

    from accounts.middleware import LAST_ACTIVITY
    from accounts.models import Person, RoleGrant
    from core import tsi
    from footage_requests.models import Undertaking
    from footage_requests.secrecy import undertakings

    building = _building()
    cookies = []
    for name, role, scope in (
        ("whole campus", "UNIT_HEAD", {}),
        ("one building", "OPERATOR", {"scope_kind": "building", "scope_id": building.pk}),
    ):
        person = Person.objects.create_person(f"bench {name}".replace(" ", "-"), name)
        RoleGrant.objects.create(
            person=person, role=role, starts_on="2020-01-01", document="bench", **scope
        )
        text = undertakings.current_text()
        Undertaking.objects.create(
            person=person, text=text, how="PASSWORD", signed_on=tsi.today(), entered_by=person
        )
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        # Noted once a minute, whatever is read: it is no part of a page.
        session = client.session
        session[LAST_ACTIVITY] = int(time.time()) + 24 * 3600
        session.save()
        cookies.append((name, client.cookies[settings.SESSION_COOKIE_NAME].value))
    return cookies


def _building() -> Any:
    from inventory.models import Building

    return Building.objects.order_by("pk")[Building.objects.count() // 2]


def _urls() -> dict[str, Callable[[], Iterator[str]]]:
    """The addresses of each page, turn by turn."""
    from cameras.models import PositionDay
    from core import tsi
    from footage_requests.models import FootageRequest
    from inventory.models import Position

    cases = list(
        FootageRequest.objects.filter(building__in=[_building()]).values_list("pk", flat=True)
    )
    days = sorted(set(PositionDay.objects.order_by().values_list("day", flat=True).distinct()))
    building = _building()
    here = list(
        Position.objects.filter(floor__building=building)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    pages = (
        "",
        "?page=2",
        "?page=3",
        f"?building={building.pk}",
        "?result=PARTLY",
        "?search=ışıklı",
    )
    shown = [days[-1 - back * (len(days) - 1) // 12] for back in range(12)]

    def cycle(addresses: list[str]) -> Callable[[], Iterator[str]]:
        return lambda: itertools.cycle(addresses)

    return {
        "bare": cycle(["/bare/"]),
        "today": cycle(["/"]),
        "board": cycle(["/requests/"]),
        "case": cycle([f"/requests/{pk}/" for pk in cases]),
        "cameras": cycle([f"/cameras/{query}" for query in pages]),
        "camera": cycle(
            [
                f"/cameras/{pk}/?day={shown[number % 12]}" if number % 3 else f"/cameras/{pk}/"
                for number, pk in enumerate(here[:60])
            ]
        ),
        "day": cycle(
            [
                f"/days/{day}/{query}"
                for day in shown
                for query in ("", "?page=2", "?result=PARTLY")
                if day < tsi.today()
            ]
        ),
    }


class Measured:
    """One page read by one person."""

    def __init__(
        self,
        page: str,
        person: str,
        cookie: str,
        urls: Callable[[], Iterator[str]],
        database_pid: int,
    ) -> None:
        from django.conf import settings
        from django.test import RequestFactory

        from cctv_ops.wsgi import application

        self.page, self.person = page, person
        self._urls, self._database_pid = urls, database_pid
        self._handler = application
        self._requests = RequestFactory(
            headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        )

    def row(self, turns: int) -> dict[str, Any]:
        """Times of `turns` turns, in ms; queries of other turns, because counting them takes time."""
        urls = self._urls()
        for _turn in range(min(WARM_UP, turns)):
            self._get(next(urls))
        queries = max(self._queries(next(urls)) for _turn in range(min(COUNTED, turns)))
        own, database = time.process_time(), self._database_cpu()
        times = sorted(self._get(next(urls)) for _turn in range(turns))
        return {
            "page": self.page,
            "person": self.person,
            "p50_ms": statistics.median(times),
            "p95_ms": times[-(-95 * turns // 100) - 1],
            "own_cpu_ms": 1000 * (time.process_time() - own) / turns,
            "database_cpu_ms": 1000 * (self._database_cpu() - database) / turns,
            "queries": queries,
        }

    def _get(self, url: str) -> float:
        environ = self._requests.get(url).environ
        begin = time.perf_counter()
        answer: Any = self._handler(environ, _take_no_notice)
        body = b"".join(answer)
        answer.close()
        took = 1000 * (time.perf_counter() - begin)
        if answer.status_code != 200 or not body:
            raise RuntimeError(f"{url}: {answer.status_code} for {self.person}")
        return took

    def _queries(self, url: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            self._get(url)
        return len(captured)

    def _database_cpu(self) -> float:
        """CPU seconds of the server with all its processes; SQLite works inside ours."""
        return _cpu(self._database_pid) if self._database_pid else 0.0


def _take_no_notice(*_status_and_headers: Any) -> Any:
    """The WSGI server's part: the response object has the status as well."""


def _cpu(pid: int) -> float:
    return sum(cpu_seconds(each) for each in family(pid))


def _token() -> str:
    import datetime as dt

    from django.utils import timezone

    from accounts import tokens
    from accounts.models import Person

    person = Person.objects.get(staff_number="bench-whole-campus")
    _token, text = tokens.make(
        person,
        "bench",
        ["inventory:read"],
        expires_at=timezone.now() + dt.timedelta(days=1),
        by="bench",
    )
    return text


def _calls(database_pid: int, seconds: float) -> dict[str, float]:
    """Calls of the API a second through gunicorn with two workers, as bin/run starts it."""
    from cctv_ops.management.commands.run import WEB_OPTIONS

    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "gunicorn", "cctv_ops.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, *WEB_OPTIONS], env=os.environ, start_new_session=True)
    try:
        callers = Callers(port, _token())
        callers.wait_for_server()
        callers.call_for(min(2.0, seconds))
        before = _cpu(server.pid) + (_cpu(database_pid) if database_pid else 0.0)
        calls = callers.call_for(seconds)
        used = _cpu(server.pid) + (_cpu(database_pid) if database_pid else 0.0) - before
    finally:
        server.terminate()
        server.wait(30)
    return {"api_per_second": calls / seconds, "api_per_cpu_second": calls / max(used, 0.01)}


class Callers:
    """Four programs that call as fast as they are answered, each over a connection of its own."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._count = 0
        self._lock = threading.Lock()

    def wait_for_server(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                self._call(self._connect())
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def call_for(self, seconds: float) -> int:
        """How many calls were answered in that time."""
        self._count, until = 0, time.monotonic() + seconds
        threads = [threading.Thread(target=self._go_on, args=(until,)) for _n in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self._count

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def _go_on(self, until: float) -> None:
        connection = self._connect()
        while time.monotonic() < until:
            self._call(connection)
            with self._lock:
                self._count += 1
        connection.close()

    def _call(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", API, headers=self._headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or body.count(b'"serial"') < 50:
            raise RuntimeError(f"The API answered {answer.status}: {body[:300]!r}")
