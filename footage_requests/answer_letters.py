"""Letters that answer a request, as text to paste into EBYS: olur, cover letter, refusal, no recording.

Always Turkish, after regulation 2646 (RG 31151) as domain.md 2.7 words it: the closing follows the rank
of the addressee, the number stays empty because EBYS alone gives it. Nothing here is typed twice: every
fact comes from the case.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import translation

from core.text import tr_upper
from core.tsi import clock_time, day_of, day_text

from .models import Decision, FootageRequest, HandOverRecord, MediumKind, RequesterKind

Closing = RequesterKind.Closing
NUMBER = "(EBYS verir)"
_COMPLAINT = (
    "Cevabımızı yetersiz bulmanız hâlinde, cevabın tebliğinden itibaren otuz ve her hâlde başvuru "
    "tarihinden itibaren altmış gün içinde Kişisel Verileri Koruma Kuruluna şikâyette bulunabilirsiniz."
)
_OBJECTION = "Cevabın tebliğinden itibaren on beş gün içinde Bilgi Edinme Değerlendirme Kuruluna itiraz edebilirsiniz."
_CRIME = (
    "Suç teşkil eden bir olay söz konusu ise Cumhuriyet Başsavcılığına veya kolluk birimlerine "
    "başvurabilirsiniz"
)


@dataclass(frozen=True)
class Letter:
    """One letter: `name` for the page, `text` to copy as it stands."""

    name: str
    text: str


def letters_of(request: FootageRequest) -> list[Letter]:
    """The letters that this case needs now, in the order in which they are written."""
    with translation.override("tr"):
        found = [Letter("Olur", _consent(request))]
        decision = request.decisions.filter(voided_at=None).exclude(kind="RETURN").first()
        if decision is None:
            return found if request.items.filter(is_included=True).exists() else []
        if decision.kind == Decision.Kind.REFUSE:
            found.append(Letter("Ret yazısı", _refusal(request, decision)))
        elif decision.kind == Decision.Kind.NO_RECORDING:
            found.append(Letter("Kayıt bulunmadı yazısı", _nothing(request, decision)))
        else:
            found.append(Letter("Üst yazı", _cover(request, decision)))
        return found


def missing_letter(request: FootageRequest, what: str = "", until: dt.date | None = None) -> str:
    """Asks once for what is missing, with the day by which it must come; "…" where that is still open."""
    what = " ".join((what or request.missing_info).split()) or "…"
    last = until or request.missing_until
    kind = "başvurunuz" if _is_person(request) else "yazınız"
    return (
        _head(request, "Eksik Bilgi ve Belge")
        + f"İlgi'de kayıtlı {kind} incelenmiştir. Talebin değerlendirilebilmesi için şu hususların "
        f"{day_text(last) if last else '…/…/……'} tarihine kadar tamamlanması gerekmektedir: {what}\n"
        "Kamera kayıtları sınırlı bir süre saklanmaktadır. Belirtilen tarihe kadar tamamlanmayan "
        f"talepler mevcut bilgilere göre sonuçlandırılacaktır.\n{_end(request, 'Gereğini')}"
    )


def _head(request: FootageRequest, subject: str) -> str:
    addressee = (
        f"Sayın {request.requester_name}"
        if _is_person(request)
        else addressed(request.organisation or request.requester_name)
    )
    reference = request.ebys_number or "…"
    arrived = day_text(request.ebys_date or day_of(request.arrived_at))
    kind = "başvurunuz" if _is_person(request) else f"ve {reference} sayılı yazınız"
    return (
        f"Sayı : {NUMBER}-{request.kind.file_plan_code}\n"
        f"Konu : {subject}\n\n{addressee}\n\n"
        f"İlgi : {arrived} tarihli {kind}.\n\n"
    )


def addressed(name: str) -> str:
    """An office as an addressee: capitals and the dative, "İSKENDERUN CUMHURİYET BAŞSAVCILIĞINA".

    Offices are named in the possessive, which ends in ı, i, u or ü; another ending is left as it is,
    because its dative depends on how the name is spoken.
    """
    capitals = tr_upper(" ".join(name.split()))
    ending = {"I": "NA", "U": "NA", "İ": "NE", "Ü": "NE"}.get(capitals[-1:], "")
    return capitals + ending


def _is_person(request: FootageRequest) -> bool:
    return request.kind.closing == Closing.TO_PERSON


def _end(request: FootageRequest, verb: str = "Bilgilerinize") -> str:
    return {
        Closing.TO_SUPERIOR: f"{verb} arz ederim.",
        Closing.TO_SUBORDINATE: f"{verb} rica ederim.",
        Closing.TO_COMPANY: f"{verb} rica ederim.",
        Closing.TO_PERSON: "Bilgilerinize sunulur.",
    }[Closing(request.kind.closing)]


def _window(request: FootageRequest) -> str:
    start, end = request.starts_at, request.ends_at
    first = f"{day_text(day_of(start))} {clock_time(start)}"
    same = day_of(start) == day_of(end)
    return (
        f"{first}–{clock_time(end) if same else f'{day_text(day_of(end))} {clock_time(end)}'} (TSİ)"
    )


def _place(request: FootageRequest) -> str:
    names = [request.building.name] if request.building else []
    if request.place:
        names.append(request.place)
    return ", ".join(names) or "…"


def _consent(request: FootageRequest) -> str:
    included = request.items.filter(is_included=True).select_related("position")
    told = [
        f"{item.position.name} ({_answer(item.checked.get('answer', ''))}"
        f"{'; ' + item.checked['clock'] if item.checked.get('clock') else ''})"
        for item in included
    ]
    gives = "izletilmesi" if request.wants == FootageRequest.Wants.VIEWING else "kopya verilmesi"
    masking = {
        RequesterKind.Masking.MANDATORY: "üçüncü kişiler maskelenerek ",
        RequesterKind.Masking.CASE: "gerektiğinde maskeleme uygulanarak ",
        RequesterKind.Masking.NONE: "",
    }[RequesterKind.Masking(request.kind.masking)]
    who = request.organisation or request.requester_name
    return (
        f"İlgi'de kayıtlı yazı ile {_place(request)} alanına ait {_window(request)} aralığındaki kamera "
        f"kayıtları talep edilmektedir. Yapılan ön incelemede: {'; '.join(told) or '…'}. "
        f"Söz konusu kayıtların {who} için {masking}{gives} hususunu olurlarınıza arz ederim."
    )


def _answer(code: str) -> str:
    return {"YES": "kayıt mevcut", "PARTLY": "kayıt kısmen mevcut", "NO": "kayıt yok"}.get(
        code, "kontrol edilemedi"
    )


def _cover(request: FootageRequest, decision: Decision) -> str:
    record = request.records.filter(kind=HandOverRecord.Kind.COPY).last()
    subject = "Kamera Kayıtlarının Gönderilmesi"
    if request.reference_no:
        subject += f" ({request.reference_no})"
    if decision.kind == Decision.Kind.VIEWING:
        body = (
            f"İlgi'de kayıtlı talebiniz üzerine, {_place(request)} alanına ait {_window(request)} "
            "saatleri arasındaki kamera kayıtları yetkili amirin onayıyla izletilecektir."
        )
        return _head(request, "Kamera Kayıtlarının İzletilmesi") + f"{body} {_end(request)}"
    medium = _medium(record)
    masked = decision.lines.filter(must_be_masked=True).exists()
    body = (
        f"İlgi'de kayıtlı {'başvurunuz' if _is_person(request) else 'yazınız'} ile istenilen, "
        f"{_place(request)} alanına ait {_window(request)} saatleri arasındaki kamera kayıtları "
        f"{medium} içinde Ek'te gönderilmiştir. {_clocks(request)}"
        "Dosyalara ait SHA-256 özet değerleri ekli listede gösterilmiştir."
    )
    if masked:
        body += " Kayıtlarda üçüncü kişiler maskelenmiştir."
    if decision.kind == Decision.Kind.PART:
        body += f" Talep kısmen karşılanmıştır: {decision.reason}"
    gaps = sum(line.get("gap_count", 0) for line in decision.shown.get("lines", []))
    if gaps:
        body += f" İstenilen aralıkta {gaps} kayıt kesintisi bulunmaktadır; ayrıntısı Ek'tedir."
    attachments = (
        f"\n\nEk:\n1- {medium[:1].upper()}{medium[1:]}\n2- Dosya ve Özet Değer Listesi\n"
        f"3- Teslim Tutanağı{f' ({record.number})' if record else ''}"
    )
    return _head(request, subject) + f"{body} {_end(request)}" + attachments


def _medium(record: HandOverRecord | None) -> str:
    if record is None or not record.medium_count:
        return "… adet ortam"
    with translation.override("tr"):
        return f"{record.medium_count} adet {MediumKind(record.medium).label}"


def _clocks(request: FootageRequest) -> str:
    offsets = set()
    for package in request.packages.exclude(status="CANCELLED"):
        for exhibit in package.exhibits.filter(replaced_at=None):
            offset = (exhibit.facts.get("clock") or {}).get("offset_ms")
            if offset is not None:
                offsets.add(round(offset / 1000))
    if not offsets:
        return ""
    told = ", ".join(
        f"{abs(seconds)} saniye {'ileri' if seconds > 0 else 'geri'}" for seconds in sorted(offsets)
    )
    if offsets == {0}:
        return "Kayıt cihazı saatinin Türkiye saati ile aynı olduğu tespit edilmiştir. "
    return f"Kayıt cihazı saatinin Türkiye saatinden {told} olduğu tespit edilmiştir. "


def _refusal(request: FootageRequest, decision: Decision) -> str:
    reasons = " ".join(code.letter_text.strip() for code in decision.refusal_codes.all())
    verb = "yazınız" if not _is_person(request) else "başvurunuz"
    body = (
        f"İlgi'de kayıtlı {verb} incelenmiştir. {reasons} Bu nedenle talebiniz karşılanamamıştır."
    )
    if _is_person(request):
        body += f" {_CRIME}{_held_until(request)}. {remedy(request)}"
    return _head(request, "Kamera Kaydı Talebi") + f"{body} {_end(request)}"


def _held_until(request: FootageRequest) -> str:
    last = (
        request.holds.filter(keep_until__isnull=False)
        .exclude(status="DESTROYED")
        .order_by("keep_until")
        .last()
    )
    if last is None or last.keep_until is None:
        return ""
    return f"; kayıtlar {day_text(last.keep_until)} tarihine kadar muhafaza altına alınmıştır"


def remedy(request: FootageRequest) -> str:
    """Where the answer may be contested; a 4982 application has its own board."""
    return _OBJECTION if request.kind.file_plan_code == "622.01" else _COMPLAINT


def _nothing(request: FootageRequest, decision: Decision) -> str:
    told = "; ".join(line["position"] for line in decision.shown.get("lines", []))
    faults = [text for line in decision.shown.get("lines", []) for text in line.get("faults", [])]
    why = (
        f"arıza nedeniyle kayıt alınamadığı ({'; '.join(faults)})"
        if faults
        else "kayıtların, sistemin kayıt kapasitesi nedeniyle üzerine yazıldığı veya hiç oluşmadığı"
    )
    body = (
        f"İlgi'de kayıtlı {'başvurunuz' if _is_person(request) else 'yazınız'} ile istenilen, "
        f"{_place(request)} alanına ait {_window(request)} aralığındaki kamera kayıtlarının "
        f"bulunmadığı; {told or '…'} için {why} tespit edilmiş olup günlük kayıt kontrol çizelgesi ve "
        "kayıt bulunmadı tutanağı Ek'te sunulmuştur."
    )
    if _is_person(request):
        body += f" {remedy(request)}"
    return _head(request, "Kamera Kaydı Talebi") + f"{body} {_end(request)}"
