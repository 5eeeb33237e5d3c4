"""Letters that answer a request, as text to paste into EBYS: olur, cover letter, refusal, no recording.

Always Turkish (see `letter_frame`). Nothing here is typed twice: every fact comes from the case.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation

from core import tsi
from core.tsi import clock_time, day_of, day_text

from .. import said
from ..exhibits.verifying import current_exhibits
from ..footage import sound_told
from ..holds import nightly_proof
from ..models import (
    Decision,
    Exhibit,
    FootageRequest,
    HandOverRecord,
    MediumKind,
    Package,
    RequesterKind,
)
from .letter_frame import enclosures, end, head, is_person, person_name, place, top, window

_COMPLAINT = (
    "Cevabımızı yetersiz bulmanız hâlinde, cevabın tebliğinden itibaren otuz ve her hâlde başvuru "
    "tarihinden itibaren altmış gün içinde Kişisel Verileri Koruma Kuruluna şikâyette bulunabilirsiniz."
)
_OBJECTION = "Cevabın tebliğinden itibaren on beş gün içinde Bilgi Edinme Değerlendirme Kuruluna itiraz edebilirsiniz."
_CRIME = (
    "Suç teşkil eden bir olay söz konusu ise Cumhuriyet Başsavcılığına veya kolluk birimlerine "
    "başvurabilirsiniz"
)
_SHEET = "Günlük Kayıt Kontrol Çizelgesi (… Sayfa)"


@dataclass(frozen=True)
class Letter:
    """One letter: `name` for the page, `text` to copy as it stands."""

    name: str
    text: str


def letters_of(request: FootageRequest) -> list[Letter]:
    """The letters that this case needs now, in the order in which they are written."""
    with translation.override("tr"):
        decision = request.decisions.filter(voided_at=None).exclude(kind="RETURN").first()
        if decision is None:
            has_cameras = request.items.filter(is_included=True).exists()
            return [Letter("Olur", _consent(request, None))] if has_cameras else []
        if decision.kind == Decision.Kind.REFUSE:
            return [Letter("Ret yazısı", _refusal(request, decision))]
        if decision.kind == Decision.Kind.NO_RECORDING:
            return [Letter("Kayıt bulunmadı yazısı", _nothing(request, decision))]
        answer = _invitation if decision.kind == Decision.Kind.VIEWING else _cover
        return [
            Letter("Olur", _consent(request, decision)),
            Letter("Üst yazı", answer(request, decision)),
        ]


def missing_letter(request: FootageRequest, what: str = "", until: dt.date | None = None) -> str:
    """Asks once for what is missing, with the day by which it must come; "…" where that is still open."""
    what = " ".join((what or request.missing_info).split()) or "…"
    last = until or request.missing_until
    kind = "başvurunuz" if is_person(request) else "yazınız"
    return (
        head(request, "Eksik Bilgi ve Belge")
        + f"İlgi'de kayıtlı {kind} incelenmiştir. Talebin değerlendirilebilmesi için şu hususların "
        f"{day_text(last) if last else '…/…/……'} tarihine kadar tamamlanması gerekmektedir: "
        f"{_sentence(what)}\n"
        "Kamera kayıtları sınırlı bir süre saklanmaktadır. Belirtilen tarihe kadar tamamlanmayan "
        f"talepler mevcut bilgilere göre sonuçlandırılacaktır.\n{end(request, asks=True)}"
    )


def _consent(request: FootageRequest, decision: Decision | None) -> str:
    """What the superior signs in EBYS: the finding of the first look and what is proposed."""
    included = request.items.filter(is_included=True).select_related("position")
    told = "; ".join(f"{item.position.name}: {_found(item.checked or {})}" for item in included)
    masking = {
        RequesterKind.Masking.MANDATORY: "üçüncü kişiler maskelenerek ",
        RequesterKind.Masking.CASE: "gerektiğinde maskeleme uygulanarak ",
        RequesterKind.Masking.NONE: "",
    }[RequesterKind.Masking(request.kind.masking)]
    who = request.organisation or person_name(request.requester_name)
    arrived = day_text(request.ebys_date or day_of(request.arrived_at))
    number = f"{arrived} tarihli ve {request.ebys_number or '…'} sayılı yazı"
    return (
        top(request, "Kamera Kayıtlarının Verilmesi", "… MAKAMINA") + f"İlgi : {number}.\n\n"
        f"İlgi'de kayıtlı yazı ile {place(request)} alanına ait {window(request)} aralığındaki kamera "
        f"kayıtları talep edilmektedir. Yapılan ön incelemede: {told or '…'}.\n"
        f"Söz konusu kayıtların {who} için {masking}{_proposal(request, decision)} hususunu "
        "olurlarınıza arz ederim.\n\nOLUR\n…/…/……\n…"
    )


def _proposal(request: FootageRequest, decision: Decision | None) -> str:
    if decision is None:
        is_viewing = request.wants == FootageRequest.Wants.VIEWING
        return "izletilmesi" if is_viewing else "kopya verilmesi"
    return {
        Decision.Kind.VIEWING: "yalnızca izletilmesi",
        Decision.Kind.PART: f"kısmen ({_parts(decision)}) kopya verilmesi",
    }.get(Decision.Kind(decision.kind), "kopya verilmesi")


def _found(checked: dict[str, Any]) -> str:
    answer = {"YES": "kayıt mevcut", "PARTLY": "kayıt kısmen mevcut", "NO": "kayıt yok"}.get(
        str(checked.get("answer", "")), "kontrol edilemedi"
    )
    clock = said.read(checked.get("clock", "")).rstrip(".")
    return f"{answer} ({clock})" if clock else answer


def _parts(decision: Decision) -> str:
    """The cameras and minutes of a decision: "Ana giriş, 21.11.2026 14:00:00–14:10:00"."""
    lines = decision.lines.select_related("item__position").order_by("starts_at", "pk")
    return "; ".join(
        f"{line.item.position.name}, {_span(line.starts_at, line.ends_at)}" for line in lines
    )


def _span(start: dt.datetime, last: dt.datetime) -> str:
    same = day_of(start) == day_of(last)
    until = clock_time(last) if same else f"{day_text(day_of(last))} {clock_time(last)}"
    return f"{day_text(day_of(start))} {clock_time(start)}–{until}"


def _invitation(request: FootageRequest, decision: Decision) -> str:
    """Viewing only: where, and that nothing is taken along."""
    body = (
        f"{_asked(request)} {place(request)} alanına ait {window(request)} aralığındaki kamera "
        f"kayıtları, yetkili amirin onayıyla {settings.UNIT_NAME} bünyesinde gözetim altında "
        "izletilecek olup kopya verilmeyecektir. İzleme gün ve saatinin kararlaştırılması için "
        "birimimizle iletişime geçilmesi, izlemeye kimlik belgesiyle gelinmesi gerekmektedir."
    )
    if decision.includes_audio:
        body += " Onay verilen ses kayıtları da dinletilecektir."
    return head(request, "Kamera Kayıtlarının İzletilmesi") + f"{body} {end(request)}"


def _asked(request: FootageRequest) -> str:
    return f"İlgi'de kayıtlı {'başvurunuz' if is_person(request) else 'yazınız'} ile istenilen,"


def _cover(request: FootageRequest, decision: Decision) -> str:
    record = request.records.filter(kind=HandOverRecord.Kind.COPY).last()
    subject = "Kamera Kayıtlarının Gönderilmesi"
    if request.reference_no:
        subject += f" ({request.reference_no})"
    medium = _medium(record)
    how = (
        "şifreli indirme bağlantısı ile"
        if medium is None
        else f"{medium[0]} adet {medium[1]} içinde Ek'te"
    )
    is_part = decision.kind == Decision.Kind.PART
    what = (
        f"kayıtlarından şunlar {how} gönderilmiştir: {_parts(decision)}."
        if is_part
        else f"kayıtları {how} gönderilmiştir."
    )
    body = (
        f"{_asked(request)} {place(request)} alanına ait {window(request)} aralığındaki kamera "
        f"{what} {_clocks(request)}Dosyalara ait SHA-256 özet değerleri ekli listede gösterilmiştir."
    )
    body += _masking(decision) + _sound(request, decision)
    if is_part:
        codes = " ".join(code.letter_text.strip() for code in decision.refusal_codes.all())
        told = " ".join(filter(None, (codes, _sentence(decision.reason))))
        body += f" Talebiniz kısmen karşılanmıştır. {told}"
    gaps = _gap_count(decision)
    if gaps:
        body += f" İstenilen aralıkta {gaps} kayıt kesintisi bulunmaktadır; ayrıntısı Ek'tedir."
    if is_part and is_person(request):
        body = " ".join(filter(None, (body, remedy(request))))
    number = f", {record.number}" if record else ""
    with_it = [
        "Dosya ve Özet Değer Listesi (… Sayfa)",
        f"Teslim Tutanağı (… Sayfa{number})",
    ]
    if medium is not None:
        name = f"{medium[1][:1].upper()}{medium[1][1:]}"
        with_it.insert(0, f"{name} ({medium[0]} Adet)")
    return head(request, subject) + f"{body} {end(request)}" + enclosures(*with_it)


def _masking(decision: Decision) -> str:
    """What was masked: other people, or the areas of a camera that are always covered."""
    masked = set(decision.lines.filter(must_be_masked=True).values_list("item_id", flat=True))
    fixed = {one["item_id"] for one in decision.shown.get("lines", []) if one.get("only_fixed")}
    if masked - fixed:
        return " Kayıtlarda üçüncü kişiler maskelenmiştir."
    return " Kayıtlarda gerekli görülen alanlar maskelenmiştir." if masked else ""


def _sound(request: FootageRequest, decision: Decision) -> str:
    """Whether sound goes with it, and why not where it was asked for."""
    if not decision.includes_audio:
        return " Ses kaydının verilmesi uygun görülmemiştir." if request.wants_audio else ""
    package = decision.packages.exclude(status="CANCELLED").last()
    lines = sound_told.sound_of(package) if package else []
    told = "; ".join(line.words.rstrip(".") for line in lines)
    if any(line.files for line in lines):
        return f" Onay verilen ses kayıtları, görüntülerden ayrı dosyalar hâlindedir ({told})."
    return f" Ses kaydı bulunmamaktadır ({told})." if told else ""


def _gap_count(decision: Decision) -> int:
    """The gaps in what leaves: those of the files where there are some, else as the superior saw them.

    What a recorder did not know before is known once it has been fetched.
    """
    package = decision.packages.exclude(status=Package.Status.CANCELLED).first()
    films = (Exhibit.Kind.ORIGINAL, Exhibit.Kind.MASKED)
    files = current_exhibits(package).filter(kind__in=films) if package is not None else ()
    counts = [row.facts.get("gap_count", len(row.facts.get("gaps", ()))) for row in files]
    return sum(counts) if counts else _gaps_shown(decision)


def _gaps_shown(decision: Decision) -> int:
    shown = {line["item_id"]: line for line in decision.shown.get("lines", [])}
    found = 0
    for line in decision.lines.all():
        seen = shown.get(line.item_id)
        if seen is None:
            continue
        start, end = tsi.to_ms(line.starts_at), tsi.to_ms(line.ends_at)
        whole = (start, end) == (seen["start_ms"], seen["end_ms"])
        inside = [gap for gap in seen["gaps"] if gap[0] < end and gap[1] > start]
        found += seen["gap_count"] if whole else len(inside)
    return found


def _medium(record: HandOverRecord | None) -> tuple[str, str] | None:
    """How many of which medium; None for a download."""
    if record is None:
        return "…", "ortam"
    if record.medium == MediumKind.DOWNLOAD:
        return None
    return str(record.medium_count or "…"), str(MediumKind(record.medium).label)


def _clocks(request: FootageRequest) -> str:
    """What the clocks were worth: measured, not measured, set in between. Nothing measured is said of no other."""
    rows = Exhibit.objects.filter(package__request=request, replaced_at=None)
    files = rows.exclude(package__status=Package.Status.CANCELLED)
    clocks = [exhibit.facts.get("clock") or {} for exhibit in files]
    known = [clock["offset_ms"] for clock in clocks if clock.get("offset_ms") is not None]
    offsets = {round(offset / 1000) for offset in known}
    told = ""
    if offsets == {0}:
        told = "Kayıt cihazı saatinin Türkiye saati ile aynı olduğu tespit edilmiştir. "
    elif offsets:
        words = ", ".join(_off_by(seconds) for seconds in sorted(offsets))
        told = f"Kayıt cihazı saatinin Türkiye saatinden {words} olduğu tespit edilmiştir. "
    if len(known) < len(clocks):
        which = "Bir kısım kayıtta" if known else "Kayıtlarda"
        told += f"{which} kayıt cihazının o zamanki saati ölçülmemiş olup gerçek zaman bilinmemektedir. "
    if any(clock.get("doubts") for clock in clocks):
        told += (
            "Cihaz saati bu sırada, anı bilinmeyen bir zamanda ayarlanmış olup ayrıntısı saat "
            "beyanındadır. "
        )
    return told


def _off_by(seconds: int) -> str:
    if not seconds:
        return "farksız"
    return f"{abs(seconds)} saniye {'ileri' if seconds > 0 else 'geri'}"


def _refusal(request: FootageRequest, decision: Decision) -> str:
    codes = " ".join(code.letter_text.strip() for code in decision.refusal_codes.all())
    parts = [
        f"İlgi'de kayıtlı {'başvurunuz' if is_person(request) else 'yazınız'} incelenmiştir.",
        codes,
        _sentence(decision.reason),
        "Bu nedenle talebiniz karşılanamamıştır.",
    ]
    if is_person(request):
        parts += [f"{_CRIME}{_held_until(request)}.", remedy(request)]
    body = " ".join(filter(None, [*parts, end(request)]))
    return head(request, "Kamera Kaydı Talebi") + body


def _sentence(text: str) -> str:
    """What was typed, on one line, ending like a sentence."""
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _held_until(request: FootageRequest) -> str:
    last = (
        request.holds.filter(keep_until__isnull=False, held_at__isnull=False)
        .exclude(status="DESTROYED")
        .order_by("keep_until")
        .last()
    )
    if last is None or last.keep_until is None:
        return ""
    day = last.release_on or last.keep_until
    return f"; kayıtlar {day_text(day)} tarihine kadar muhafaza altına alınmıştır"


def remedy(request: FootageRequest) -> str:
    """Where a person may contest the answer, after the law that the application rests on.

    A 4982 application has its own board; one under another law than the data protection act has
    neither, and is told nothing that does not hold for it.
    """
    law = request.basis.citation if request.basis else ""
    if "4982" in law:
        return _OBJECTION
    return _COMPLAINT if "6698" in law or not law else ""


def _nothing(request: FootageRequest, decision: Decision) -> str:
    lines = decision.shown.get("lines", [])
    told = ", ".join(line["position"] for line in lines)
    body = (
        f"{_asked(request)} {place(request)} alanına ait {window(request)} aralığındaki kamera "
        f"kayıtlarının bulunmadığı; {told or '…'} için {_why_nothing(lines)} tespit edilmiş olup "
        "günlük kayıt kontrol çizelgesi ve kayıt bulunmadı tutanağı Ek'te sunulmuştur."
    )
    parts = [body, _sentence(decision.reason)]
    if is_person(request):
        parts.append(remedy(request))
    record = request.records.filter(kind=HandOverRecord.Kind.NO_RECORDING).last()
    number = f", {record.number}" if record else ""
    return (
        head(request, "Kamera Kaydı Talebi")
        + " ".join(filter(None, [*parts, end(request)]))
        + enclosures(_SHEET, f"Kayıt Bulunmadı Tutanağı (… Sayfa{number})")
    )


def _why_nothing(lines: list[dict[str, Any]]) -> str:
    """Fault or overwriting, with the oldest recording that the recorders still held."""
    faults = list(
        dict.fromkeys(said.read(told) for line in lines for told in line.get("faults", []))
    )
    if faults:
        return f"arıza nedeniyle kayıt alınamadığı ({'; '.join(faults)})"
    nights = {said.code_of(told) for line in lines for told in line.get("night", [])}
    if nights == {nightly_proof.NONE}:
        return "günlük kontrol sonuçlarına göre bu aralıkta kayıt alınamadığı"
    oldest = [line["oldest_ms"] for line in lines if line.get("oldest_ms")]
    if oldest and all((line.get("oldest_ms") or 0) >= line["end_ms"] for line in lines):
        day = day_text(day_of(tsi.from_ms(min(oldest))))
        return (
            "kayıtların, sistemin kayıt kapasitesi nedeniyle üzerine yazıldığı (kayıt cihazındaki en "
            f"eski kayıt {day} tarihlidir)"
        )
    if nights == {nightly_proof.ALL}:
        return (
            "günlük kontrolde varlığı tespit edilmiş olan kayıtların, sistemin kayıt kapasitesi nedeniyle "
            "üzerine yazıldığı"
        )
    return "kayıtların, sistemin kayıt kapasitesi nedeniyle üzerine yazıldığı veya hiç oluşmadığı"
