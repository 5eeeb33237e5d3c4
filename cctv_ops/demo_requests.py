"""Three requests that have just come in, so that the demo has something to work on.

Their windows lie yesterday, when the simulated recorders recorded. No camera is chosen yet: whoever
chooses one sees its footage being held from that moment, by the same workers as in production. Before
the first check of the clocks a hold would have to be an hour wider on both sides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Person
from core import tsi
from footage_requests.casework import arriving
from footage_requests.models import FootageRequest, RequesterKind
from footage_requests.release import handing_over
from inventory.models import Building

CLERK, HEAD = "1007", "1002"
# Its check digits are right; it belongs to nobody.
NATIONAL_ID = "10000000146"


@dataclass(frozen=True)
class _Request:
    """One request; `starts` is an hour and minute of yesterday, Türkiye time."""

    kind: str
    door: str
    starts: tuple[int, int]
    minutes: int
    building: str
    facts: Mapping[str, Any]
    national_id: str = ""


REQUESTS = (
    _Request(
        "PROSECUTOR",
        FootageRequest.Door.PETITION,
        (14, 10),
        4,
        "KTP",
        {
            "organisation": "İskenderun Cumhuriyet Başsavcılığı",
            "reference_no": "2026/4411",
            "ebys_number": "E-80154762-951.04.11-11873",
            "event": "Ana girişte çanta çalınması",
            "described": "Gri montlu, siyah sırt çantalı kişi",
            "purpose": "Soruşturmada delil olarak değerlendirilecektir.",
            "place": "Ana giriş turnikeleri",
        },
    ),
    _Request(
        "DATA_SUBJECT",
        FootageRequest.Door.WEB,
        (11, 30),
        3,
        "KTP",
        {
            "requester_name": "Işıl Çağlar",
            "address": "Merkez Mah. 12. Sok. No: 4 İskenderun",
            "event": "Okuma salonunda unutulan dizüstü bilgisayar",
            "described": "Kırmızı kazak, gözlük",
            "purpose": "Kendi görüntümün bir örneğini istiyorum.",
            "place": "Süreli yayınlar salonu",
        },
        NATIONAL_ID,
    ),
    _Request(
        "PHONE_CALL",
        FootageRequest.Door.PHONE,
        (17, 0),
        3,
        "KTP",
        {
            "requester_name": "Komiser Ali Veli",
            "organisation": "Asayiş Şube Müdürlüğü",
            "event": "Kavga ihbarı; yazı gönderilecek",
            "place": "Yangın merdiveni kapısı",
        },
    ),
)


def enter(today: dt.date) -> None:
    """Files the requests as the clerk would, and puts some media into the cupboard."""
    clerk = Person.objects.get(staff_number=CLERK)
    for told in REQUESTS:
        kind = RequesterKind.objects.get(code=told.kind)
        starts_at = tsi.at(today - dt.timedelta(days=1), *told.starts)
        arriving.file_request(
            by=clerk,
            door=told.door,
            facts={
                "kind": kind,
                "basis": kind.bases.first(),
                "starts_at": starts_at,
                "building": Building.objects.get(code=told.building),
                "ends_at": starts_at + dt.timedelta(minutes=told.minutes),
                **told.facts,
            },
            national_id=told.national_id,
            accept_missing=True,
        )
    head = Person.objects.get(staff_number=HEAD)
    handing_over.add_stock("USB", 20, "Açılış sayımı", by=head)
    handing_over.add_stock("DVD", 50, "Açılış sayımı", by=head)
