"""Printed forms say in Turkish what the unit's forms have always said, word for word."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

FORMS = {
    "Daily recording check sheet": "Günlük Kayıt Kontrol Çizelgesi",
    "Clock synchronisation report": "Saat Senkron Raporu",
    "Inventory card": "Envanter Fişi",
    "Recorder / Camera": "Kayıt cihazı / Kamera",
    "Clock error": "Saat farkı",
    "Oldest recording": "En eski kayıt",
    "Fault no.": "Arıza no",
    "not checked": "bakılmadı",
    "LATE ENTRY": "SONRADAN GİRİŞ",
    "This form was made by the system of %(unit_name)s on %(made_day)s at %(made_time)s TSİ.": (
        "Bu form %(unit_name)s sistemi tarafından %(made_day)s %(made_time)s TSİ'de üretilmiştir."
    ),
    "I have checked the cameras and recorders above; fault records were opened for what does not "
    "conform.": (
        "Yukarıdaki kamera ve kayıt cihazları tarafımca kontrol edilmiş, uygunsuzluklar için arıza "
        "kaydı açılmıştır."
    ),
}
COLUMNS = {"Recording": "Kayıt", "Picture": "Görüntü", "View": "Açı", "Disk": "Disk", "Note": "Not"}


@pytest.mark.parametrize("english", FORMS)
def test_a_sentence_of_a_form_is_the_form_s_own(english: str) -> None:
    with translation.override("tr"):
        assert gettext(english) == FORMS[english]


@pytest.mark.parametrize("english", COLUMNS)
def test_the_columns_of_the_sheet_are_those_of_the_form(english: str) -> None:
    with translation.override("tr"):
        assert pgettext("sheet", english) == COLUMNS[english]
