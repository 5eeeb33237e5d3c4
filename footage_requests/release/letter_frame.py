"""The frame of a letter to paste into EBYS: number, subject, addressee, reference, closing.

Always Turkish, after regulation 2646 (RG 31151) as domain.md 2.7 words it: the closing follows the rank
of the addressee, the number stays empty because EBYS alone gives it.
"""

from __future__ import annotations

from core.text import tr_upper
from core.tsi import clock_time, day_of, day_text

from ..models import FootageRequest, RequesterKind

Closing = RequesterKind.Closing
NUMBER = "(EBYS verir)"


def head(request: FootageRequest, subject: str) -> str:
    """Everything above the text of a letter to the requester."""
    arrived = day_text(request.ebys_date or day_of(request.arrived_at))
    kind = "başvurunuz" if is_person(request) else f"ve {_reference(request)} sayılı yazınız"
    return top(request, subject, addressee(request)) + f"İlgi : {arrived} tarihli {kind}.\n\n"


def top(request: FootageRequest, subject: str, to: str) -> str:
    """Number, subject and addressee of any letter of the case."""
    return f"Sayı : {NUMBER}-{request.kind.file_plan_code}\nKonu : {subject}\n\n{to}\n\n"


def _reference(request: FootageRequest) -> str:
    return request.ebys_number or "…"


def addressee(request: FootageRequest) -> str:
    """To whom the answer goes: a person by name, an office in capitals."""
    if request.organisation and not is_person(request):
        return addressed(request.organisation)
    return f"Sayın {person_name(request.requester_name or request.organisation) or '…'}"


def person_name(name: str) -> str:
    """ "Ayşe Nur Işık" -> "Ayşe Nur IŞIK": a person's surname stands in capitals."""
    *given, surname = name.split() or [""]
    return " ".join([*given, tr_upper(surname)]) if given else surname


def addressed(name: str) -> str:
    """An office as an addressee: capitals and the dative, "İSKENDERUN CUMHURİYET BAŞSAVCILIĞINA".

    Offices are named in the possessive, which ends in ı, i, u or ü; another ending is left as it is,
    because its dative depends on how the name is spoken.
    """
    capitals = tr_upper(" ".join(name.split()))
    ending = {"I": "NA", "U": "NA", "İ": "NE", "Ü": "NE"}.get(capitals[-1:], "")
    return capitals + ending


def is_person(request: FootageRequest) -> bool:
    return request.kind.closing == Closing.TO_PERSON


def end(request: FootageRequest, *, asks: bool = False) -> str:
    """The closing sentence. `asks`: the letter wants something done, it does not only inform."""
    return {
        Closing.TO_SUPERIOR: "Gereğini arz ederim." if asks else "Bilgilerinize arz ederim.",
        Closing.TO_SUBORDINATE: "Gereğini rica ederim." if asks else "Bilgilerinizi rica ederim.",
        Closing.TO_COMPANY: "Gereğini rica ederim." if asks else "Bilgilerinizi rica ederim.",
        Closing.TO_PERSON: "Bilgilerinize sunulur.",
    }[Closing(request.kind.closing)]


def enclosures(*names: str) -> str:
    """The list below a letter: what goes with it."""
    return "\n\nEk:\n" + "\n".join(f"{number}- {name}" for number, name in enumerate(names, 1))


def window(request: FootageRequest) -> str:
    """The asked time, in words of the letter."""
    start, last = request.starts_at, request.ends_at
    first = f"{day_text(day_of(start))} {clock_time(start)}"
    same = day_of(start) == day_of(last)
    return (
        f"{first}–{clock_time(last) if same else f'{day_text(day_of(last))} {clock_time(last)}'}"
        " (TSİ)"
    )


def place(request: FootageRequest) -> str:
    names = [request.building.name] if request.building else []
    if request.place:
        names.append(request.place)
    return ", ".join(names) or "…"
