"""The rules a new installation starts with: legal bases, kinds of requesters, refusal codes.

Afterwards the rows are the unit's to edit; nothing in the code names one of them. Periods follow the
laws that the bases cite, the rest are the unit's own proposals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Basis:
    code: str
    name_tr: str
    name_en: str
    citation: str


@dataclass(frozen=True)
class Kind:
    """One row of RequesterKind; `more` holds the fields that differ from the model's defaults."""

    code: str
    name_tr: str
    name_en: str
    bases: tuple[str, ...] = ()
    reference: tuple[str, str] = ("", "")
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    code: str
    name_tr: str
    name_en: str
    letter_text: str
    needs_evidence: bool = False


BASES = (
    Basis("CMK_160", "Soruşturma (CMK 160, 161, 332)", "Criminal investigation (CMK 160, 161, 332)", "5271 sayılı Kanun m.160, 161, 332"),
    Basis("CMK_332", "Mahkeme kararı, ceza (CMK 332)", "Order of a criminal court (CMK 332)", "5271 sayılı Kanun m.332"),
    Basis("HMK_195", "Mahkeme kararı, hukuk (HMK 195, 221)", "Order of a civil court (HMK 195, 221)", "6100 sayılı Kanun m.195, 221"),
    Basis("IYUK_20", "Mahkeme kararı, idari (İYUK 20)", "Order of an administrative court (İYUK 20)", "2577 sayılı Kanun m.20"),
    Basis("CMK_161_164", "Savcı talimatıyla kolluk (CMK 161, 164)", "Police on the prosecutor's instruction (CMK 161, 164)", "5271 sayılı Kanun m.161, 164"),
    Basis("CMK_134", "El koyma ve kopyalama kararı (CMK 123, 134)", "Seizure and copying order (CMK 123, 134)", "5271 sayılı Kanun m.123, 134"),
    Basis("YOK_53A", "Disiplin soruşturması (2547 m.53/A, 54)", "Disciplinary inquiry (2547, 53/A, 54)", "2547 sayılı Kanun m.53/A, 54"),
    Basis("YOK_53C", "Ceza soruşturması (2547 m.53/c)", "Criminal inquiry of the university (2547, 53/c)", "2547 sayılı Kanun m.53/c"),
    Basis("DUTY", "Birimin kendi görevi, somut olay", "The unit's own duty, a concrete event", "6698 sayılı Kanun m.5/2-ç"),
    Basis("KVKK_11", "İlgili kişi başvurusu (KVKK 11, 13)", "Application of the data subject (KVKK 11, 13)", "6698 sayılı Kanun m.11, 13"),
    Basis("KVKK_15", "Kişisel Verileri Koruma Kurulu (KVKK 15)", "Data Protection Board (KVKK 15)", "6698 sayılı Kanun m.15"),
    Basis("LAW_4982", "Bilgi edinme (4982)", "Right to information (4982)", "4982 sayılı Kanun m.6, 11"),
    Basis("LAW_3071", "Dilekçe hakkı (3071)", "Right of petition (3071)", "3071 sayılı Kanun m.4, 7"),
    Basis("LAWYER_2", "Avukatın inceleme yetkisi (1136 m.2/3)", "A lawyer's right to examine (1136, 2/3)", "1136 sayılı Kanun m.2/3"),
    Basis("AUDIT", "Denetim görevi", "Duty of audit", "İlgili denetim mevzuatı"),
    Basis("PRECAUTION", "Kaydın korunması (üst yazıya kadar)", "Keeping the footage until the letter comes", "6698 sayılı Kanun m.5/2-e"),
)  # fmt: skip

_INQUIRY = {
    "days": 3, "clock": "WORKING_DAYS", "warn_days": [1, 2], "is_judicial": False,
    "masking": "CASE", "closing": "TO_SUBORDINATE",
}  # fmt: skip
_POLICE = {
    "days": 1, "clock": "WORKING_DAYS", "masking": "NONE", "is_judicial": True,
    "closing": "TO_SUPERIOR", "identity_required": True, "reference_required": True,
}  # fmt: skip
_INVESTIGATION_NO = ("Soruşturma no", "Investigation no.")

KINDS = (
    Kind("PROSECUTOR", "Cumhuriyet Başsavcılığı", "Public prosecutor", ("CMK_160",), _INVESTIGATION_NO, {
        "reference_required": True, "days": 10, "warn_days": [5, 8, 9], "masking": "NONE",
        "is_judicial": True, "closing": "TO_SUPERIOR", "escalates_to": "SUPERIOR",
        "extended_days": 20}),
    Kind("COURT", "Mahkeme / hâkimlik", "Court", ("CMK_332", "HMK_195", "IYUK_20"),
         ("Esas no, ara karar", "Docket no., interim order"), {
        "reference_required": True, "clock": "AS_WRITTEN", "days": 14, "warn_days": [0, -3],
        "masking": "NONE", "is_judicial": True, "closing": "TO_SUPERIOR",
        "escalates_to": "SUPERIOR"}),
    Kind("POLICE", "Kolluk – emniyet", "Police", ("CMK_161_164",), _INVESTIGATION_NO, _POLICE),
    Kind("GENDARMERIE", "Kolluk – jandarma", "Gendarmerie", ("CMK_161_164",), _INVESTIGATION_NO, _POLICE),
    Kind("DISCIPLINARY_INQUIRY", "Disiplin soruşturmacısı / incelemeci", "Disciplinary investigator",
         ("YOK_53A",), ("Görevlendirme onayı tarih ve sayısı", "Date and number of the assignment"),
         {**_INQUIRY, "reference_required": True}),
    Kind("CRIMINAL_INQUIRY", "Ceza soruşturması muhakkiki", "Criminal investigator of the university",
         ("YOK_53C",), ("Soruşturma emri tarih ve sayısı", "Date and number of the order"),
         {**_INQUIRY, "reference_required": True}),
    Kind("UNIT_MANAGER", "Birim amiri (dekan, müdür)", "Head of a unit (dean, director)", ("DUTY",),
         ("Olay tutanağı tarih ve sayısı", "Date and number of the incident record"), {
        "reference_required": True, "days": 5, "clock": "WORKING_DAYS", "warn_days": [3, 4],
        "gives": "VIEWING", "masking": "MANDATORY", "closing": "TO_SUPERIOR"}),
    Kind("DATA_SUBJECT", "İlgili kişi (KVKK)", "Data subject", ("KVKK_11",), ("", ""), {
        "identity_required": True, "days": 30, "warn_days": [10, 20, 27], "masking": "MANDATORY",
        "needs_privacy_opinion": True, "escalates_to": "SUPERIOR"}),
    Kind("INFORMATION", "Bilgi edinme (4982)", "Right to information (4982)", ("LAW_4982",), ("", ""), {
        "identity_required": True, "days": 15, "clock": "WORKING_DAYS", "warn_days": [8, 12, 14],
        "extended_days": 30, "gives": "INFORMATION", "masking": "MANDATORY",
        "needs_legal_opinion": True, "escalates_to": "SUPERIOR", "file_plan_code": "622.01"}),
    Kind("PETITION", "Dilekçe / CİMER (3071)", "Petition (3071)", ("LAW_3071",), ("", ""), {
        "identity_required": False, "days": 30, "warn_days": [20, 27], "gives": "INFORMATION",
        "masking": "MANDATORY", "file_plan_code": "622.01"}),
    Kind("LAWYER", "Avukat", "Lawyer", ("LAWYER_2",), ("Vekâletname no", "Power of attorney no."), {
        "identity_required": True, "reference_required": True, "days": 30, "warn_days": [20, 27],
        "masking": "MANDATORY", "needs_legal_opinion": True, "gives": "VIEWING"}),
    Kind("INSURANCE", "Sigorta / eksper", "Insurer or adjuster", (), ("Hasar dosya no", "Claim no."), {
        "days": 30, "warn_days": [20, 27], "gives": "NOTHING", "masking": "MANDATORY",
        "closing": "TO_COMPANY"}),
    Kind("AUDIT_BODY", "Denetim (Sayıştay, YÖK, iç denetim)", "Auditors", ("AUDIT",),
         ("Görev yazısı tarih ve sayısı", "Date and number of the assignment"), {
        "reference_required": True, "clock": "AS_WRITTEN", "days": 15, "warn_days": [7, 12],
        "closing": "TO_SUPERIOR", "escalates_to": "SUPERIOR"}),
    Kind("PRIVACY_BOARD", "Kişisel Verileri Koruma Kurulu", "Data Protection Board", ("KVKK_15",),
         ("Kurul yazısı tarih ve sayısı", "Date and number of the Board's letter"), {
        "reference_required": True, "days": 15, "warn_days": [7, 12], "closing": "TO_SUPERIOR",
        "needs_privacy_opinion": True, "escalates_to": "SUPERIOR"}),
    Kind("OTHER_PUBLIC", "Diğer kamu kurumu", "Another public body", (),
         ("Yazının tarih ve sayısı", "Date and number of the letter"), {
        "reference_required": True, "clock": "AS_WRITTEN", "days": 30, "warn_days": [20, 27],
        "needs_legal_opinion": True, "closing": "TO_SUPERIOR"}),
    Kind("OTHER", "Diğer (basın, sosyal medya, veli, merak)", "Others (press, parents, the curious)",
         (), ("", ""), {"days": 30, "warn_days": [20, 27], "gives": "NOTHING"}),
    Kind("PHONE_CALL", "Telefonla koruma isteği", "Call asking to keep footage", ("PRECAUTION",),
         ("", ""), {
        "clock": "WORKING_DAYS", "days": 3, "gives": "NOTHING", "starts_preservation_only": True,
        "lapses_after_working_days": 3, "warn_days": [2]}),
    Kind("POLICE_ORAL", "Kolluk – sözlü, acil", "Police, orally and urgent", ("PRECAUTION",),
         ("", ""), {
        "clock": "WORKING_DAYS", "days": 1, "gives": "VIEWING", "identity_required": True,
        "masking": "NONE", "is_judicial": True, "closing": "TO_SUPERIOR",
        "lapses_after_working_days": 3}),
    Kind("LEGAL_HOLD", "Hukuki koruma (Hukuk Müşavirliği)", "Legal hold", ("PRECAUTION",),
         ("Yazının tarih ve sayısı", "Date and number of the letter"), {
        "clock": "AS_WRITTEN", "days": 180, "warn_days": [-30], "gives": "NOTHING",
        "reference_required": True, "closing": "TO_SUBORDINATE"}),
    Kind("SEIZURE", "El koyma", "Seizure", ("CMK_134",), ("Karar no", "Number of the order"), {
        "days": 1, "clock": "WORKING_DAYS", "reference_required": True, "identity_required": True,
        "masking": "NONE", "is_judicial": True, "closing": "TO_SUPERIOR",
        "escalates_to": "SUPERIOR"}),
)  # fmt: skip

# Whom the portal offers at first: those who ask for themselves or for their unit.
BY_PORTAL = ("DATA_SUBJECT", "INFORMATION", "PETITION", "UNIT_MANAGER", "LAWYER")

# Set after the first rows were made, by the migration that brought the columns.
FEES_AND_WRITING: dict[str, dict[str, Any]] = {
    "INFORMATION": {
        "fee_pay_working_days": 15,
        "fee_basis": "4982 sayılı Kanun m.10 ve uygulama yönetmeliğinin erişim ücreti tarifesi",
    },
    "POLICE_ORAL": {"writing_within_working_days": 1},
}

REFUSALS = (
    Refusal("R01", "Yetkisiz talep eden", "Requester has no authority",
            "Talebin, kamera kayıtlarını istemeye yetkili bir makam veya kişi tarafından yapılmadığı anlaşılmıştır."),
    Refusal("R02", "Yazılı değil", "Not in writing",
            "Kamera kayıtları yalnızca yazılı talep üzerine verilebilmekte olup yazılı bir talep bulunmamaktadır."),
    Refusal("R03", "Dayanak yok", "No legal basis",
            "Talebin dayandığı hukuki sebep belirtilmemiştir."),
    Refusal("R04", "Yer veya zaman belirsiz", "Place or time is not clear",
            "Talepte olayın yeri veya zamanı, kaydın bulunmasına yetecek açıklıkta belirtilmemiştir."),
    Refusal("R05", "Saklama süresi dolmuş, üzerine yazılmış", "Retention has passed, overwritten",
            "Talep edilen zamana ait kayıtların, saklama süresinin dolması nedeniyle üzerine yazıldığı tespit edilmiştir.", True),
    Refusal("R06", "Kamera yok veya kör nokta", "No camera there, or a blind spot",
            "Talep edilen yeri gören bir kamera bulunmamaktadır."),
    Refusal("R07", "Arıza nedeniyle kayıt yok", "Not recorded because of a fault",
            "Talep edilen zamanda, arıza nedeniyle kayıt alınamadığı tespit edilmiştir.", True),
    Refusal("R08", "Üçüncü kişiler maskelenemiyor", "Other people cannot be masked",
            "Kayıtta yer alan üçüncü kişiler görüntüden ayrılamadığından, kayıt bu kişilerin haklarına zarar vermeden verilememektedir."),
    Refusal("R09", "Soruşturmanın gizliliği", "Secrecy of an investigation",
            "Talep edilen kayıtlar yürütülmekte olan bir soruşturmanın konusu olduğundan verilememektedir."),
    Refusal("R10", "Amaç dışı (mesai, performans, merak)", "Outside the purpose (attendance, performance, curiosity)",
            "Kamera kayıtları yalnızca güvenlik amacıyla işlenmekte olup talep edilen amaçla kullanılamamaktadır."),
    Refusal("R11", "Ölçüsüz kapsam, daraltılmalı", "Too broad, to be narrowed",
            "Talebin kapsamı amaçla ölçülü değildir; yer ve zaman bakımından daraltılarak yenilenmesi gerekmektedir."),
    Refusal("R12", "Mükerrer", "Asked before",
            "Aynı konudaki talebiniz daha önce karşılanmış veya cevaplanmıştır."),
    Refusal("R13", "Başka makam yetkili", "Another authority is competent",
            "Talep konusu Üniversitemizin görev alanına girmediğinden yetkili makama yönlendirilmiştir."),
    Refusal("R14", "Kimlik veya vekâlet doğrulanamadı", "Identity or power of attorney not confirmed",
            "Başvuru sahibinin kimliği veya temsil yetkisi doğrulanamamıştır."),
)  # fmt: skip


def install(apps: Any) -> None:
    """Makes the rows that are not there yet; rows that are there stay as the unit left them."""
    bases = {row.code: _basis(apps, row, order) for order, row in enumerate(BASES, start=1)}
    kinds = apps.get_model("footage_requests", "RequesterKind")
    for order, kind in enumerate(KINDS, start=1):
        facts = {
            "name_tr": kind.name_tr,
            "name_en": kind.name_en,
            "reference_name_tr": kind.reference[0],
            "reference_name_en": kind.reference[1],
            "order": 10 * order,
            **kind.more,
        }
        if hasattr(kinds, "fee_basis"):
            facts |= FEES_AND_WRITING.get(kind.code, {})
        row, made = kinds.objects.get_or_create(code=kind.code, defaults=facts)
        if made:
            row.bases.set([bases[code] for code in kind.bases])
    refusals = apps.get_model("footage_requests", "RefusalCode")
    for order, code in enumerate(REFUSALS, start=1):
        facts = {
            "name_tr": code.name_tr,
            "name_en": code.name_en,
            "letter_text": code.letter_text,
            "needs_evidence": code.needs_evidence,
            "order": 10 * order,
        }
        refusals.objects.get_or_create(code=code.code, defaults=facts)


def _basis(apps: Any, row: Basis, order: int) -> Any:
    facts = {
        "name_tr": row.name_tr,
        "name_en": row.name_en,
        "citation": row.citation,
        "order": 10 * order,
    }
    bases = apps.get_model("footage_requests", "LegalBasis")
    return bases.objects.get_or_create(code=row.code, defaults=facts)[0]
