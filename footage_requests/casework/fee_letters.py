"""The notice of an access fee, as text to paste into EBYS: Turkish, like every letter of the unit."""

from __future__ import annotations

from core.tsi import day_text

from ..models import Fee, FootageRequest
from ..release.letter_frame import end, head, is_person


def fee_letter(request: FootageRequest, fee: Fee) -> str:
    """What the requester is told: amount and basis, until when, and that the request else counts as
    withdrawn.
    """
    kind = "başvurunuz" if is_person(request) else "yazınız"
    amount = f"{fee.amount:,.2f}".translate(str.maketrans(",.", ".,"))
    law = request.basis.citation if request.basis else ""
    return head(request, "Erişim Ücreti Bildirimi") + (
        f"İlgi'de kayıtlı {kind} incelenmiştir. Talep edilen bilgi veya belgeye erişim için {amount} TL "
        f"ücret ödenmesi gerekmektedir (dayanak: {fee.basis}). Ücretin, bu yazının tebliğinden itibaren "
        f"{request.kind.fee_pay_working_days} iş günü içinde, en geç {day_text(fee.due_on)} günü sonuna "
        f"kadar ödenmesi (ödeme yolu: {fee.pay_to}) ve ödeme belgesinin Birimimize iletilmesi hâlinde "
        "talebinizin incelenmesine devam edilecektir.\n"
        f"Bildirim tarihinden itibaren cevap verme süresi durmuştur{f' ({law})' if law else ''}; süre, "
        "ödemenin yapıldığı gün işlemeye devam eder. Ücretin belirtilen sürede ödenmemesi hâlinde "
        f"talebinizden vazgeçmiş sayılacaksınız.\n{end(request)}"
    )
