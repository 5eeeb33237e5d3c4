"""Texts of letters that are pasted into EBYS: always Turkish, whatever language the page has."""

from __future__ import annotations

from core.tsi import day_of, day_text

from .models import FootageRequest, RequesterKind

_CLOSING = {
    RequesterKind.Closing.TO_SUPERIOR: "arz ederim.",
    RequesterKind.Closing.TO_SUBORDINATE: "rica ederim.",
    RequesterKind.Closing.TO_COMPANY: "rica ederim.",
    RequesterKind.Closing.TO_PERSON: "",
}


def missing_letter(request: FootageRequest) -> str:
    """Asks for what is missing, with the day by which it must come (regulation 2646: closing by rank)."""
    arrived = day_text(day_of(request.arrived_at))
    until = day_text(request.missing_until) if request.missing_until else "…/…/……"
    what = " ".join(request.missing_info.split()) or "…"
    closing = _CLOSING[RequesterKind.Closing(request.kind.closing)]
    is_person = request.kind.closing == RequesterKind.Closing.TO_PERSON
    kind = "başvurunuz" if is_person else "yazınız"
    end = "Bilgilerinize sunulur." if not closing else f"Bilgilerinizi ve gereğini {closing}"
    greeting = f"Sayın {request.requester_name}\n\n" if is_person and request.requester_name else ""
    return (
        f"{greeting}İlgi'de kayıtlı {arrived} tarihli {kind} incelenmiştir. Talebin "
        f"değerlendirilebilmesi için aşağıdaki hususların {until} tarihine kadar tamamlanması "
        f"gerekmektedir: {what}\n\n"
        "Kamera kayıtları sınırlı bir süre saklanmaktadır. Belirtilen tarihe kadar tamamlanmayan "
        f"talepler mevcut bilgilere göre sonuçlandırılacaktır.\n\n{end}"
    )
