"""A campus of thousands of cameras with a year of answers, written by the database itself.

Nothing is asked of any device: the rows are those that 365 nights would have left, in the order in which
the nights would have written them. About five camera days in a hundred are not recorded in full.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from benchmarks.parts import cases

CAMERAS_PER_RECORDER = 25
CAMERAS_PER_BUILDING = 200
FLOORS = 4
CHUNK_DAYS = 30
CLOCK_DAYS = 30


class Year:
    """What is to be written: so many cameras, so many days up to yesterday, so many open requests."""

    def __init__(self, cameras: int, days: int, requests: int = 0) -> None:
        from core import tsi

        self.cameras = cameras
        self.requests = requests
        self.recorders = max(1, -(-cameras // CAMERAS_PER_RECORDER))
        self.yesterday = tsi.today() - dt.timedelta(days=1)
        self.days = [self.yesterday - dt.timedelta(days=back) for back in range(days - 1, -1, -1)]
        self.since = tsi.at(self.days[0] - dt.timedelta(days=30), 0)

    def write(self) -> None:
        """Everything, in an empty migrated database."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")  # filling is not what is measured
                # Millions of checks that a channel of our own list exists would take half of the time.
                cursor.execute("SET session_replication_role = replica")
        with transaction.atomic():
            self._inventory()
            self._nights()
            self._conditions()
        for first in range(0, len(self.days), CHUNK_DAYS):
            with transaction.atomic():
                self._answers(self.days[first], self.days[first : first + CHUNK_DAYS][-1])
        with transaction.atomic():
            self._last_night()
            self._findings()
            self._sheets()
            cases.write(self.requests)
        if connection.vendor == "postgresql":
            # What autovacuum has done long ago in a database that grew for a year.
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")

    def _inventory(self) -> None:
        """Buildings, positions, cameras, recorders, channels, all in service since before the year."""
        from inventory import models as rows

        site = rows.Site.objects.create(name="Merkez Yerleşke", code="M")
        group = rows.PositionGroup.objects.create(name="Genel", retention_goal_days=30)
        buildings = rows.Building.objects.bulk_create(
            rows.Building(site=site, name=f"{number}. Işık Binası", code=f"B{number:03}")
            for number in range(1, -(-self.cameras // CAMERAS_PER_BUILDING) + 1)
        )
        floors = rows.Floor.objects.bulk_create(
            rows.Floor(building=building, name=f"{level}. kat", level=level)
            for building in buildings
            for level in range(FLOORS)
        )
        positions = rows.Position.objects.bulk_create(
            (self._position(number, floors, group) for number in range(self.cameras)),
            batch_size=1000,
        )
        cameras = self._devices("CAMERA", self.cameras)
        recorders = self._devices("RECORDER", self.recorders)
        channels = rows.Channel.objects.bulk_create(
            (
                rows.Channel(
                    recorder=recorders[number // CAMERAS_PER_RECORDER],
                    number=number % CAMERAS_PER_RECORDER + 1,
                )
                for number in range(self.cameras)
            ),
            batch_size=1000,
        )
        rows.Installation.objects.bulk_create(
            (
                rows.Installation(device=camera, position=position, starts_at=self.since)
                for camera, position in zip(cameras, positions, strict=True)
            ),
            batch_size=1000,
        )
        rows.ChannelAssignment.objects.bulk_create(
            (
                rows.ChannelAssignment(channel=channel, position=position, starts_at=self.since)
                for channel, position in zip(channels, positions, strict=True)
            ),
            batch_size=1000,
        )
        rows.RecordingSchedule.objects.bulk_create(
            rows.RecordingSchedule(
                position=position, kind="MOTION", valid_from=self.days[0], reason="Depo"
            )
            for position in positions[::33]
        )

    @staticmethod
    def _position(number: int, floors: Sequence[Any], group: Any) -> Any:
        from inventory.models import Position
        from inventory.text import search_text

        floor = floors[number // CAMERAS_PER_BUILDING * FLOORS + number % FLOORS]
        code, name = f"K-{number + 1:05}", f"Koridor {number + 1} ışıklı köşe"
        return Position(
            floor=floor,
            group=group,
            code=code,
            name=name,
            status="ACTIVE",
            search_text=search_text(code, name, ""),
        )

    def _devices(self, kind: str, count: int) -> list[Any]:
        """Devices with an address each; the warranty of one in fifty ends within 90 days."""
        from core import tsi
        from inventory.models import Address, Device, Network

        second = 1 if kind == "CAMERA" else 2
        network = Network.objects.create(name=kind, cidr=f"10.{second}.0.0/16")
        devices = []
        for number in range(count):
            device = Device(
                kind=kind,
                maker="Hikvision" if number % 2 else "Dahua",
                model=f"{kind[:3]}-{number % 5}",
                serial=f"{kind[0]}{number:08}",
                status="IN_SERVICE",
                warranty_ends_on=tsi.today() + dt.timedelta(days=number % 50 * 80),
            )
            device.normalise()
            devices.append(device)
        made = Device.objects.bulk_create(devices, batch_size=1000)
        Address.objects.bulk_create(
            (
                Address(
                    device=device,
                    network=network,
                    ip=f"10.{second}.{number // 250}.{number % 250 + 1}",
                    starts_at=self.since,
                )
                for number, device in enumerate(made)
            ),
            batch_size=1000,
        )
        return made

    def _nights(self) -> None:
        from cameras.models import Run
        from core import tsi

        Run.objects.bulk_create(
            Run(
                kind="NIGHT",
                day=day,
                slot=f"night:{day}",
                status="FINISHED",
                start_at=tsi.at(day + dt.timedelta(days=1), 1),
                started_at=tsi.at(day + dt.timedelta(days=1), 1),
                finished_at=tsi.at(day + dt.timedelta(days=1), 2),
                coverage_rows=self.cameras,
                coverage_root="0" * 64,
            )
            for day in self.days
        )

    def _conditions(self) -> None:
        """The last values of devices and channels, and a month of clock measurements."""
        from cameras.models import ChannelCondition, ClockMeasurement, DeviceCondition
        from core import tsi
        from inventory.models import Channel, Device

        asked = tsi.at(self.yesterday + dt.timedelta(days=1), 1)
        ids = list(Device.objects.order_by("pk").values_list("pk", flat=True))
        DeviceCondition.objects.bulk_create(
            (
                DeviceCondition(device_id=pk, asked_at=asked, answered_at=asked, clock_verdict="OK")
                for pk in ids
            ),
            batch_size=1000,
        )
        ChannelCondition.objects.bulk_create(
            (
                ChannelCondition(
                    channel_id=pk,
                    asked_at=asked,
                    held_days=30,
                    earliest_at=asked - dt.timedelta(days=30),
                )
                for pk in Channel.objects.values_list("pk", flat=True)
            ),
            batch_size=1000,
        )
        ClockMeasurement.objects.bulk_create(
            (
                ClockMeasurement(
                    device_id=pk,
                    measured_at=asked - dt.timedelta(days=back),
                    offset_ms=20 * back,
                    uncertainty_ms=80,
                    method="EDGE",
                    verdict="OK",
                )
                for back in range(CLOCK_DAYS - 1, -1, -1)
                for pk in ids
            ),
            batch_size=1000,
        )

    def _answers(self, first: dt.date, last: dt.date) -> None:
        """Coverage per channel and answers per position of some days, in the order of the nights."""
        from core import tsi

        days = [day for day in self.days if first <= day <= last]
        adapt = connection.ops.adapt_datetimefield_value
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_day")
            cursor.execute(
                "CREATE TEMPORARY TABLE bench_day"
                " (day date, number bigint, start_ms bigint, asked_at timestamp with time zone)"
            )
            cursor.executemany(
                "INSERT INTO bench_day VALUES (%s, %s, %s, %s)",
                [
                    (
                        day,
                        day.toordinal(),
                        tsi.day_bounds_ms(day)[0],
                        adapt(tsi.at(day + dt.timedelta(days=1), 1)),
                    )
                    for day in days
                ],
            )
            self._insert(cursor, _COVERAGE, "CoverageDay")
            self._insert(cursor, _POSITION_DAYS, "PositionDay", first, last)

    @staticmethod
    def _insert(cursor: Any, statement: str, model_name: str, *values: Any) -> None:
        """Runs a statement that names the columns it fills; the others get their usual values."""
        from django.apps import apps

        model = apps.get_model("cameras", model_name)
        named = set(statement.partition("(")[2].partition(")")[0].replace(",", " ").split())
        others = [
            field
            for field in model._meta.concrete_fields
            if not (field.primary_key or field.null or field.column in named)
        ]
        columns = "".join(f", {field.column}" for field in others)
        statement = statement.replace("MORE_COLUMNS", columns)
        statement = statement.replace("MORE_VALUES", ", %s" * len(others))
        json_type = "jsonb" if connection.vendor == "postgresql" else "text"
        usual = [field.get_db_prep_save(field.get_default(), connection) for field in others]
        cursor.execute(statement.replace("JSON_TYPE", json_type), [*usual, *values])

    def _last_night(self) -> None:
        """The checks of the last night with their answers; older ones are pruned in real life."""
        from cameras.models import Run

        run = Run.objects.get(day=self.yesterday).pk
        with connection.cursor() as cursor:
            self._insert(cursor, _CHECKS, "DeviceCheck", run)
            self._insert(cursor, _RESULTS, "CheckResult")

    def _findings(self) -> None:
        """Open ones of last night's bad answers and of devices; closed ones of a month before."""
        from cameras.models import Finding, PositionDay
        from core import tsi
        from inventory.models import Device

        now = tsi.at(self.yesterday + dt.timedelta(days=1), 2)
        bad = PositionDay.objects.filter(result__in=["PARTLY", "NOT_RECORDED"])
        rows: list[Finding] = []
        answers = bad.filter(day__gt=self.yesterday - dt.timedelta(days=30))
        for pk, day, result in answers.order_by("day", "pk").values_list(
            "position", "day", "result"
        ):
            is_open = day == self.yesterday
            rows.append(
                self._finding("NOT_RECORDING", "POSITION", pk, now if is_open else None, day)
            )
            rows[-1].reason = result
        devices = Device.objects.order_by("pk").values_list("pk", flat=True)
        recorders = Device.objects.recorders().order_by("pk").values_list("pk", flat=True)
        for kind, ids in (
            ("CLOCK", devices[: self.cameras // 50]),
            ("FIRMWARE_CHANGED", devices[: self.cameras // 100]),
            ("CAMERA_SILENT", devices[:3]),
            ("RETENTION_SHORT", recorders[:3]),
            ("RECORDER_SILENT", recorders[:2]),
        ):
            rows += [self._finding(kind, "DEVICE", pk, now, self.yesterday) for pk in ids]
        Finding.objects.bulk_create(_each_once(rows), batch_size=1000)

    @staticmethod
    def _finding(
        kind: str, subject_kind: str, pk: int, still: dt.datetime | None, day: dt.date
    ) -> Any:
        from cameras.models import Finding
        from core import tsi

        opened = tsi.at(day + dt.timedelta(days=1), 1)
        return Finding(
            kind=kind,
            subject_kind=subject_kind,
            subject_id=pk,
            subject_name=f"{pk}",
            opened_at=opened,
            closed_at=None if still else opened + dt.timedelta(days=1),
            detail={"day": day.isoformat(), "longest_gap_ms": 600_000},
            covers=[pk] if subject_kind == "POSITION" else [],
        )

    def _sheets(self) -> None:
        from accounts.models import Person
        from cameras.models import DailySheet, SignedSheet
        from core import tsi

        signer = Person.objects.create_person("bench-1", "Ayşe Yıldız")
        sheets = DailySheet.objects.bulk_create(
            DailySheet(
                day=day,
                status="OPEN" if day == self.yesterday else "SIGNED",
                due_at=tsi.at(day + dt.timedelta(days=1), 10),
                opened_at=tsi.at(day + dt.timedelta(days=1), 2),
                signed_by=None if day == self.yesterday else signer,
                signed_at=None if day == self.yesterday else tsi.at(day + dt.timedelta(days=1), 9),
                sha256="" if day == self.yesterday else "0" * 64,
            )
            for day in self.days
        )
        SignedSheet.objects.bulk_create(
            SignedSheet(sheet=sheet, canonical="{}") for sheet in sheets if sheet.signed_by_id
        )


def _each_once(rows: Iterable[Any]) -> list[Any]:
    """One open finding per kind and subject, as the database demands."""
    seen: set[tuple[str, str, int]] = set()
    kept = []
    for row in rows:
        subject = (row.kind, row.subject_kind, row.subject_id)
        if row.closed_at is None and subject in seen:
            continue
        if row.closed_at is None:
            seen.add(subject)
        kept.append(row)
    return kept


_COVERAGE = """
INSERT INTO cameras_coverageday (
    channel_id, day, result, reason, source, expected_ms, recorded_ms, longest_gap_ms, gap_count, gaps,
    disputed_ms, second_source, time_base, offset_ms, offset_uncertainty_ms, offset_method, asked_at,
    is_complete, canonical, sha256, run_id, is_provisional, revision MORE_COLUMNS)
SELECT channel_id, day, result, CASE result WHEN 'UNKNOWN' THEN 'NO_ANSWER' ELSE '' END,
    CASE WHEN result IN ('UNKNOWN', 'EXEMPT') THEN '' ELSE 'ISAPI_SEARCH' END,
    CASE WHEN result IN ('UNKNOWN', 'EXEMPT') THEN 0 ELSE 86400000 END,
    CASE result WHEN 'RECORDED' THEN 86400000 WHEN 'PARTLY' THEN 85500000 ELSE 0 END,
    CASE result WHEN 'NOT_RECORDED' THEN 86400000 WHEN 'PARTLY' THEN 600000 ELSE 0 END,
    CASE result WHEN 'NOT_RECORDED' THEN 1 WHEN 'PARTLY' THEN 2 ELSE 0 END,
    CAST(CASE result
        WHEN 'NOT_RECORDED' THEN
            '[[' || start_ms || ',' || (start_ms + 86400000) || ',"NO_STREAM"]]'
        WHEN 'PARTLY' THEN
            '[[' || (start_ms + 3600000) || ',' || (start_ms + 4200000) || ',"NO_STREAM"],['
            || (start_ms + 50000000) || ',' || (start_ms + 50300000) || ',"NO_STREAM"]]'
        ELSE '[]' END AS JSON_TYPE),
    0, '', 'DEVICE_LOCAL', 20, 80, 'EDGE', asked_at, result <> 'UNKNOWN',
    '{FILLER"channel":' || channel_id || ',"result":"' || result || '"}', 'HASH', run_id, FALSE, 0 MORE_VALUES
FROM (
    SELECT drawn.*, CASE WHEN k < 950 THEN 'RECORDED' WHEN k < 975 THEN 'PARTLY'
        WHEN k < 985 THEN 'NOT_RECORDED' WHEN k < 995 THEN 'UNKNOWN' ELSE 'EXEMPT' END AS result
    FROM (
        SELECT c.id AS channel_id, d.day AS day, d.start_ms AS start_ms, d.asked_at AS asked_at,
            r.id AS run_id, (c.id * 7919 + d.number * 104729) %% 1000 AS k
        FROM bench_day d
        JOIN cameras_run r ON r.day = d.day
        CROSS JOIN inventory_channel c
    ) AS drawn
) AS judged
ORDER BY day, channel_id
""".replace("FILLER", '"method":"EDGE",' * 20).replace("HASH", "0" * 64)

_POSITION_DAYS = """
INSERT INTO cameras_positionday (
    position_id, day, result, reason, expected_ms, recorded_ms, longest_gap_ms, gap_count,
    is_provisional, evidence_at, run_id MORE_COLUMNS)
SELECT a.position_id, c.day, c.result, c.reason, c.expected_ms, c.recorded_ms, c.longest_gap_ms,
    c.gap_count, FALSE, CASE WHEN c.result IN ('UNKNOWN', 'EXEMPT') THEN NULL ELSE c.asked_at END,
    c.run_id MORE_VALUES
FROM cameras_coverageday c
JOIN inventory_channelassignment a ON a.channel_id = c.channel_id
WHERE c.day BETWEEN %s AND %s
ORDER BY c.day, a.position_id
"""

_CHECKS = """
INSERT INTO cameras_devicecheck (
    run_id, device_id, kinds, status, attempt, lost, due_at, started_at, done_at, took_ms MORE_COLUMNS)
SELECT r.id, d.id, CAST('["IDENTITY", "CLOCK"]' AS JSON_TYPE), 'DONE', 1, 0, r.started_at, r.started_at,
    r.finished_at, 900 MORE_VALUES
FROM cameras_run r CROSS JOIN inventory_device d WHERE r.id = %s
"""

_RESULTS = """
INSERT INTO cameras_checkresult (device_check_id, kind, answer, reason, detail, evidence_at MORE_COLUMNS)
SELECT c.id, k.kind, 'YES', '', '', c.done_at MORE_VALUES
FROM cameras_devicecheck c
CROSS JOIN (SELECT 'IDENTITY' AS kind UNION ALL SELECT 'CLOCK') AS k
"""
