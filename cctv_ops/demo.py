"""Seeds the demo: people with random passwords, and the inventory of simulator/campus.json.

The dates on which things came into service are the campus file's, taken by documents of the demo; what was
recorded, clocks and pictures are only ever asked of the (simulated) devices, with the true time of asking.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import people
from accounts.models import Person, Role
from cameras.night import nights
from control_room import notes
from core import tsi
from core.models import Letterhead
from core.secret import Secret
from footage_requests.secrecy import undertakings
from inventory import moves
from inventory.models import (
    Building,
    Channel,
    Device,
    Disk,
    Floor,
    Network,
    Position,
    PositionGroup,
    RecordingSchedule,
    Site,
)
from vault import store

from . import demo_plans, demo_requests

ACTOR = "demo"
DOCUMENT = "Demo"
HISTORY_DAYS = 14
CAMPUS = settings.BASE_DIR / "simulator" / "campus.json"
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  letters that are not mistaken

PEOPLE = (
    ("1001", "Ayşe Yıldız", [Role.OPERATOR], "teknisyen"),
    ("1002", "Mehmet Işık", [Role.UNIT_HEAD], "birim sorumlusu"),
    ("1003", "Gülşen Öztürk", [Role.SUPERIOR], "daire başkanı"),
    ("1004", "Çağrı Demir", [Role.AUDITOR], "denetçi"),
    ("1005", "İpek Şahin", [Role.ADMIN], "sistem yöneticisi"),
    ("1006", "Okan Ünal", [Role.SECURITY_CHIEF], "güvenlik amiri"),
    ("1007", "Selin Çelik", [Role.REGISTRY_CLERK], "evrak kayıt"),
    ("1008", "Barış Koç", [Role.OPERATOR], "ikinci teknisyen"),
    ("1009", "Zeynep Arı", [Role.HANDOVER], "teslim"),
    ("1010", "Umut Göksu", [Role.PRIVACY, Role.LEGAL], "KVKK ve hukuk"),
)


def people_file() -> Path:
    """Where the demo people's passwords are kept for the next start; readable by the owner only."""
    return Path(settings.DATA_DIR) / "demo-people.txt"


@transaction.atomic
def seed(campus: dict[str, Any]) -> bool:
    """Fills an empty database; False when it was filled already."""
    if Person.objects.exists():
        return False
    _people()
    Letterhead.objects.create(pk=Letterhead.ONLY, university=campus["name"])
    _Inventory(campus).make()
    demo_requests.enter(anchor())
    _shift_notes()
    return True


def _shift_notes() -> None:
    """What the shift before has left: about a camera, and to everybody."""
    technician, guard = (Person.objects.get(staff_number=number) for number in ("1008", "1006"))
    notes.leave(
        "Bu kamera gündüz kesik kesik kaydediyor. Ayarları sabah birlikte bakalım; firma arandı, dönüş bekleniyor.",
        by=technician,
        about=Position.objects.filter(code="KTP-05").first(),
    )
    notes.leave(
        "Yarın 10:00'da emniyetten bir görevli görüntü izlemeye gelecek; oda anahtarı bende.",
        by=guard,
    )


def _people() -> None:
    lines = []
    for staff_number, name, roles, duty in PEOPLE:
        password = "-".join(
            "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(4)) for _ in range(4)
        )
        person = people.create(staff_number, name, password, by=ACTOR)
        for role in roles:
            people.grant_role(person, role, by=ACTOR, document=DOCUMENT)
        undertakings.sign(person, seen_sha256=undertakings.current_text().sha256)
        lines.append(f"    {staff_number}   {password}   {name} ({duty})\n")
    path = people_file()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(lines)


def ask_history() -> None:
    """Plans last night's check and one run per day before the first start that the recorders still hold.

    Each is planned once, so a start that was cut short is completed by the next one.
    """
    yesterday = anchor() - dt.timedelta(days=1)
    if yesterday == tsi.today() - dt.timedelta(days=1):
        nights.plan_night(yesterday)
    nights.plan_backfill(yesterday - dt.timedelta(days=back) for back in range(1, HISTORY_DAYS))
    nights.start_due_runs()


class _Inventory:
    """The rows of the campus file, in the order in which they need each other."""

    def __init__(self, campus: dict[str, Any]) -> None:
        self.campus = campus
        self.inventory = campus["inventory"]
        self.today = anchor()
        self.positions: dict[str, Position] = {}
        self.devices: dict[str, Device] = {}

    def make(self) -> None:
        self.places()
        self.all_devices()
        self.all_positions()
        self.all_channels()
        demo_plans.enter(self.floors, self.positions, by=ACTOR)

    def places(self) -> None:
        sites = {row["code"]: Site.objects.create(**row) for row in self.inventory["sites"]}
        self.networks = {
            row["name"]: Network.objects.create(name=row["name"], cidr=row["cidr"])
            for row in self.inventory["networks"]
        }
        self.groups = {}
        for row in self.inventory["groups"]:
            facts = {key: value for key, value in row.items() if key != "code"}
            self.groups[row["code"]] = PositionGroup.objects.create(**facts)
        self.floors = {}
        for row in self.inventory["buildings"]:
            building = Building.objects.create(
                site=sites[row["site"]], code=row["code"], name=row["name"]
            )
            for floor in row["floors"]:
                made = Floor.objects.create(building=building, **floor)
                self.floors[row["code"], floor["level"]] = made

    def day(self, value: Any) -> dt.date:
        return self.today + dt.timedelta(days=value["day"])

    def all_devices(self) -> None:
        for row in self.campus["devices"]:
            facts = row["inventory"]
            told = {
                name: row.get(name, "") for name in ("maker", "model", "serial", "mac", "firmware")
            }
            device = Device(
                kind=row["kind"].upper(),
                **{**told, **facts.get("registered", {})},
                asset_register_no=facts["asset_register_no"],
                purchased_on=facts["purchased_on"],
                warranty_ends_on=facts["warranty_ends_on"],
                purpose=facts["purpose"],
                audio_off=facts["audio_off"],
                protocol=facts["protocol"],
                http_port=row.get("http_port", 8080),
                rtsp_port=row.get("rtsp_port", 8554),
            )
            device.save()
            since = self.day(facts["in_service_since"])
            device.start_commissioning(on_date=since, by=ACTOR, document=DOCUMENT)
            device.put_in_service(on_date=since, by=ACTOR, document=DOCUMENT)
            moves.move_address(
                device, self.networks[facts["network"]], row["address"], tsi.at(since, 0), ACTOR
            )
            login = facts["login"]
            store(device, login["username"], Secret(login["password"]), by=ACTOR, because=DOCUMENT)
            for disk in facts.get("disks", []):
                Disk.objects.create(
                    recorder=device,
                    **{key: value for key, value in disk.items() if key != "state"},
                )
            self.devices[row["key"]] = device

    def all_positions(self) -> None:
        since = {row["key"]: row["inventory"]["in_service_since"] for row in self.campus["devices"]}
        for row in self.inventory["positions"]:
            position = Position.objects.create(
                floor=self.floors[row["building"], row["level"]],
                group=self.groups[row["group"]],
                code=row["code"],
                name=row["name"],
                purpose=row["purpose"],
            )
            self.positions[row["code"]] = position
            start = self.day(since[row["device"]])
            if row["status"] == "ACTIVE":
                position.activate(on_date=start, by=ACTOR, document=DOCUMENT)
            schedule = row.get("schedule", {"kind": "ALWAYS"})
            if schedule["kind"] != "ALWAYS":
                RecordingSchedule.objects.create(
                    position=position,
                    kind=schedule["kind"],
                    hours=schedule.get("hours", {}),
                    reason=schedule.get("reason", ""),
                    valid_from=start,
                    valid_to=self._exempt_until(schedule["kind"]),
                )
            moves.install(
                self.devices[row["device"]], position, tsi.at(start, 0), ACTOR, document=DOCUMENT
            )

    def _exempt_until(self, kind: str) -> dt.date | None:
        return self.today + dt.timedelta(days=30) if kind == "EXEMPT" else None

    def all_channels(self) -> None:
        for row in self.campus["devices"]:
            recorder = self.devices[row["key"]]
            start = tsi.at(self.day(row["inventory"]["in_service_since"]), 0)
            for told in row.get("channels", []):
                if row["kind"] != "recorder":
                    continue
                channel = Channel.objects.create(
                    recorder=recorder, number=told["number"], name=told.get("name", "")
                )
                if told.get("position"):
                    moves.assign_channel(channel, self.positions[told["position"]], start, ACTOR)


def anchor() -> dt.date:
    """The day that is "today" in the campus file: that of the first start, also on later days."""
    path = Path(settings.DATA_DIR) / "demo-first-day.txt"
    with contextlib.suppress(FileNotFoundError, ValueError):
        return dt.date.fromisoformat(path.read_text().strip())
    today = tsi.today()
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{today}\n")
    fresh.replace(path)
    return today


def read_campus(path: Path = CAMPUS) -> dict[str, Any]:
    """The campus file of the simulator, with its defaults laid under each device."""
    campus: dict[str, Any] = json.loads(path.read_text())
    campus["devices"] = [
        {**campus["defaults"][device["kind"]], **device} for device in campus["devices"]
    ]
    return campus
