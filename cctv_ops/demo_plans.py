"""Plans of the demo's floors, drawn at its first start, and where on them the cameras stand.

A floor is two rows of rooms with a corridor between them. All numbers about places are per cent of the picture.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.staticfiles import finders
from PIL import Image, ImageDraw, ImageFont

from inventory import floorplans
from inventory.models import Floor, Position

SIZE = (1400, 800)
FONT = "vendor/inter/Inter-Regular.woff2"
LEFT, RIGHT, TOP, CORRIDOR, CORRIDOR_END, BOTTOM = 4, 96, 5, 40, 60, 95
DOOR = 2.2  # half the width of a door
WALL, LINE, WORDS = "#2f3740", "#8b96a2", "#5b6673"


@dataclass(frozen=True)
class Drawn:
    """Rooms from left to right; a name with "*" is open to the corridor, with "**" also to the outside."""

    above: tuple[str, ...]
    below: tuple[str, ...]


METRES = {"KTP": 60, "MUH": 80, "REK": 55, "YRT": 50, "SPR": 70, "OTO": 90}
NORTH = {"KTP": 0, "MUH": 30, "REK": 330, "YRT": 90, "SPR": 0, "OTO": 45}

FLOORS = {
    ("KTP", 0): Drawn(("Ödünç verme", "Emanet", "Teknik işlemler", "Arka bahçe**"),
                      ("Kafeterya", "Giriş holü**", "Güvenlik", "Sergi")),
    ("KTP", 1): Drawn(("Süreli yayınlar salonu", "Çalışma salonu kuzey"),
                      ("Çalışma salonu güney", "Grup odaları", "Yangın merdiveni")),
    ("KTP", 2): Drawn(("Nadir eserler", "Arşiv", "Okuma odası"),
                      ("Yönetim", "Toplantı odası", "Işıklık*")),
    ("MUH", -1): Drawn(("Yüksek gerilim lab.", "Malzeme lab.", "Trafo"),
                       ("Sığınak", "Kazan dairesi", "Depo")),
    ("MUH", 0): Drawn(("Öğrenci işleri", "Dekanlık", "Kantin", "Yükleme alanı**"),
                      ("Amfi B", "Giriş holü**", "Danışma", "Atölye")),
    ("MUH", 1): Drawn(("Bilgisayar lab. 1", "Bilgisayar lab. 2", "Ofisler"),
                      ("Amfi A", "Amfi C", "Seminer odası")),
    ("MUH", 2): Drawn(("Öğretim üyeleri 201–206", "Öğretim üyeleri 207–212"),
                      ("Sunucu odası", "Bölüm başkanlığı", "Toplantı odası")),
    ("REK", 0): Drawn(("Evrak kayıt", "Basın", "Protokol girişi**"),
                      ("Bekleme salonu", "Ziyaretçi girişi**", "Danışma*")),
    ("REK", 1): Drawn(("Senato salonu", "Genel sekreterlik"),
                      ("Arşiv", "Hukuk müşavirliği", "Personel")),
    ("REK", 2): Drawn(("Makam", "Özel kalem", "Asansör*"), ("Şeref salonu", "Toplantı odası")),
    ("YRT", 0): Drawn(("Yemekhane", "Mutfak", "Çamaşırhane", "Bisiklet parkı**"),
                      ("Posta kutuları*", "Ana kapı**", "Danışma*", "Bahçe kapısı**")),
    ("YRT", 1): Drawn(("Etüt odası", "101–106"), ("107–112", "113–118", "Yangın çıkışı")),
    ("SPR", 0): Drawn(("Yüzme havuzu", "Fitness", "Malzeme deposu"),
                      ("Dış saha girişi**", "Üye girişi**", "Soyunma odaları")),
    ("SPR", 1): Drawn(("Batı tribünü*", "Doğu tribünü*"),
                      ("Batı merdiveni*", "Basın", "Doğu merdiveni*")),
    ("OTO", -1): Drawn(("B01–B20*", "B21–B40*"), ("Asansör", "Teknik oda")),
    ("OTO", 0): Drawn(("A01–A20*", "A21–A40*"),
                      ("Giriş rampası**", "Çıkış rampası**", "Yaya çıkışı**")),
}  # fmt: skip

# Position code: from the left, from the top, direction, angle of view, reach in metres.
SPOTS = {
    "KTP-01": (38, 66, 180, 90, 12), "KTP-02": (6, 9, 135, 90, 14), "KTP-03": (48, 9, 225, 90, 12),
    "KTP-04": (6, 9, 125, 80, 24), "KTP-05": (33, 91, 315, 90, 18), "KTP-06": (80, 47, 180, 70, 9),
    "KTP-07": (30, 56, 308, 70, 11), "KTP-08": (94, 50, 270, 50, 30), "KTP-09": (84, 36, 0, 90, 12),
    "MUH-01": (38, 66, 180, 90, 14), "MUH-02": (26, 57, 307, 70, 14), "MUH-03": (72, 57, 312, 70, 14),
    "MUH-04": (12, 57, 37, 70, 14), "MUH-05": (94, 50, 270, 50, 35), "MUH-06": (6, 50, 90, 60, 26),
    "MUH-07": (64, 50, 270, 60, 22), "MUH-08": (30, 43, 228, 70, 14), "MUH-09": (94, 50, 270, 50, 35),
    "MUH-10": (28, 43, 222, 70, 13), "MUH-11": (75, 37, 35, 90, 18),
    "REK-01": (50, 66, 180, 90, 10), "REK-02": (67, 91, 50, 90, 12), "REK-03": (32, 57, 307, 70, 11),
    "REK-04": (94, 50, 270, 50, 25), "REK-05": (30, 43, 228, 70, 10), "REK-06": (81, 57, 0, 80, 10),
    "REK-07": (38, 43, 229, 70, 10), "REK-08": (81, 36, 0, 90, 10),
    "YRT-01": (38, 66, 180, 90, 10), "YRT-02": (71, 64, 225, 90, 11), "YRT-03": (28, 57, 307, 70, 10),
    "YRT-04": (75, 9, 135, 90, 12), "YRT-05": (94, 50, 270, 50, 20), "YRT-06": (6, 50, 90, 50, 20),
    "YRT-07": (80, 47, 180, 70, 9), "YRT-08": (84, 66, 180, 90, 10),
    "SPR-01": (50, 66, 180, 90, 12), "SPR-02": (19, 66, 180, 90, 14), "SPR-03": (70, 57, 48, 70, 14),
    "SPR-04": (19, 64, 180, 90, 12), "SPR-05": (30, 57, 312, 70, 13), "SPR-06": (64, 50, 270, 60, 18),
    "OTO-01": (19, 66, 180, 80, 18), "OTO-02": (50, 66, 180, 80, 18), "OTO-03": (94, 9, 235, 90, 38),
    "OTO-04": (6, 9, 125, 90, 38), "OTO-05": (38, 43, 229, 80, 18), "OTO-06": (81, 66, 180, 80, 16),
}  # fmt: skip


def enter(
    floors: Mapping[tuple[str, int], Floor], positions: Mapping[str, Position], *, by: str
) -> None:
    """Gives the floors that are drawn here their plans, and the positions their places on them."""
    plans = {}
    for key, floor in floors.items():
        if key in FLOORS:
            facts = floorplans.Facts(
                width_cm=METRES[key[0]] * 100, north_degrees=NORTH[key[0]], note=""
            )
            picture = draw(FLOORS[key])
            plans[floor.pk] = floorplans.add(floor, "plan.png", picture, facts, by=by)
    for code, (x, y, direction, angle, reach) in SPOTS.items():
        position = positions.get(code)
        if position is not None and position.floor_id in plans:
            spot = floorplans.Spot(x * 100, y * 100, direction, angle, reach)
            floorplans.put(plans[position.floor_id], position, spot, seen=None, by=by)


def draw(floor: Drawn) -> bytes:
    """The floor as a PNG."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    _box(pen, LEFT, TOP, RIGHT, BOTTOM, WALL, 7)
    _row(pen, floor.above, TOP, CORRIDOR, corridor=CORRIDOR, outside=TOP)
    _row(pen, floor.below, CORRIDOR_END, BOTTOM, corridor=CORRIDOR_END, outside=BOTTOM)
    for x in (LEFT, RIGHT - 5):
        _stairs(pen, x)
    out = io.BytesIO()
    picture.save(out, format="PNG", compress_level=3)
    return out.getvalue()


def _row(
    pen: ImageDraw.ImageDraw,
    names: tuple[str, ...],
    top: float,
    bottom: float,
    *,
    corridor: float,
    outside: float,
) -> None:
    width = (RIGHT - LEFT) / len(names)
    for number, name in enumerate(names):
        left, right = LEFT + number * width, LEFT + (number + 1) * width
        middle = (left + right) / 2
        if number:
            _line(pen, left, top, left, bottom, WALL, 4)
        if name.endswith("*"):
            _line(pen, left, corridor, right, corridor, LINE, 1)
        else:
            _line(pen, left, corridor, middle - DOOR, corridor, WALL, 4)
            _line(pen, middle + DOOR, corridor, right, corridor, WALL, 4)
        if name.endswith("**"):
            _line(pen, middle - 2 * DOOR, outside, middle + 2 * DOOR, outside, "white", 9)
            _line(pen, middle - 2 * DOOR, outside, middle + 2 * DOOR, outside, LINE, 2)
        _words(pen, middle, (top + bottom) / 2, name.rstrip("*"))


def _stairs(pen: ImageDraw.ImageDraw, left: float) -> None:
    for step in range(6):
        _line(pen, left + step, 45, left + step, 55, LINE, 2)


def _words(pen: ImageDraw.ImageDraw, x: float, y: float, text: str) -> None:
    pen.text(_pixels(x, y), text, fill=WORDS, font=_font(), anchor="mm")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    found = finders.find(FONT)
    return ImageFont.truetype(str(found), 20) if found else ImageFont.load_default(20)


def _pixels(x: float, y: float) -> tuple[float, float]:
    return x * SIZE[0] / 100, y * SIZE[1] / 100


def _line(
    pen: ImageDraw.ImageDraw, x: float, y: float, to_x: float, to_y: float, ink: str, width: int
) -> None:
    pen.line([_pixels(x, y), _pixels(to_x, to_y)], fill=ink, width=width)


def _box(
    pen: ImageDraw.ImageDraw, x: float, y: float, to_x: float, to_y: float, ink: str, width: int
) -> None:
    pen.rectangle([_pixels(x, y), _pixels(to_x, to_y)], outline=ink, width=width)
