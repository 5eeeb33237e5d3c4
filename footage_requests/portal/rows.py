"""What the portal sends and gets (serializers). Instants are ISO 8601 with their zone, true time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api import StrictBody
from core.quick import Row
from core.strict import read_instant
from core.tsi import TSI
from inventory.models import Building

from ..casework import identity, questions
from ..casework.attachments import LARGEST_FILE
from ..casework.facts import kinds_for
from ..casework.questions import LONGEST_ANSWER
from ..models import FootageRequest, KindQuestion, LegalBasis, RequestAttachment, RequesterKind
from . import status_words
from .status_words import Told

PAPERS = [
    (kind.value, kind.label)
    for kind in (
        RequestAttachment.Kind.LETTER,
        RequestAttachment.Kind.IDENTITY,
        RequestAttachment.Kind.MANDATE,
        RequestAttachment.Kind.ASSIGNMENT,
        RequestAttachment.Kind.OTHER,
    )
]


@extend_schema_field({"type": "string", "format": "date-time"})
class ZonedTime(serializers.Field[dt.datetime, str, str, Any]):
    """An instant; one without a zone is refused, because nobody guesses whose clock was meant."""

    def to_internal_value(self, data: Any) -> dt.datetime:
        try:
            return read_instant(data if isinstance(data, str) else "")
        except Refused as error:
            raise serializers.ValidationError(error.messages) from None

    def to_representation(self, value: dt.datetime) -> str:
        return value.astimezone(TSI).isoformat()


def building_codes(buildings: Any) -> dict[str, Building]:
    """Buildings by the code that the portal writes: with the site's in front where two share one."""
    rows = list(buildings.select_related("site").order_by("site__code", "code"))
    codes = [row.code for row in rows]
    return {
        row.code if codes.count(row.code) == 1 else f"{row.site.code}/{row.code}": row
        for row in rows
    }


class FactsSerializer(StrictBody):
    """What a person may tell about a request, at first and when something was missing.

    `national_id` is stored sealed and never given out again. `building` is a code of `portal/choices/`.
    """

    basis = serializers.CharField(max_length=30, required=False)
    reference_no = serializers.CharField(max_length=80, required=False)
    requester_name = serializers.CharField(max_length=150, required=False)
    organisation = serializers.CharField(max_length=200, required=False)
    requester_title = serializers.CharField(max_length=120, required=False)
    address = serializers.CharField(max_length=300, required=False)
    phone = serializers.CharField(max_length=40, required=False)
    email = serializers.EmailField(required=False)
    represented_by = serializers.CharField(max_length=200, required=False)
    national_id = serializers.CharField(max_length=40, required=False, write_only=True)
    wants = serializers.ChoiceField(FootageRequest.Wants.choices, required=False)
    purpose = serializers.CharField(max_length=500, required=False)
    event = serializers.CharField(max_length=500, required=False)
    described = serializers.CharField(max_length=500, required=False)
    building = serializers.CharField(max_length=61, required=False)
    place = serializers.CharField(max_length=200, required=False)
    starts_at = ZonedTime(required=False)
    ends_at = ZonedTime(required=False)
    answers = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_ANSWER),
        required=False,
        help_text="Answers to the kind's questions, by their code (`portal/choices/`).",
    )

    def validate_national_id(self, text: str) -> str:
        try:
            return identity.normal(text)
        except Refused as error:
            raise serializers.ValidationError(error.messages) from None

    def validate_basis(self, code: str) -> LegalBasis:
        row = LegalBasis.objects.usable().filter(code=code).first()
        if row is None:
            raise serializers.ValidationError(_("There is no such legal basis."))
        return row

    def validate_building(self, code: str) -> Building:
        buildings: dict[str, Building] = building_codes(self.context["buildings"])
        if code not in buildings:
            raise serializers.ValidationError(_("There is no building with this code."))
        return buildings[code]


class FilingSerializer(FactsSerializer):
    """A new request. `kind` is a code of `portal/choices/`, which says what each kind requires."""

    kind = serializers.CharField(max_length=30)
    starts_at = ZonedTime()
    ends_at = ZonedTime()

    def validate_kind(self, code: str) -> RequesterKind:
        row: RequesterKind | None = kinds_for(FootageRequest.Door.PORTAL).filter(code=code).first()
        if row is None:
            raise serializers.ValidationError(
                _("Requests of this kind are not filed by the portal.")
            )
        return row


class CompletingSerializer(FactsSerializer):
    """What was missing: facts, a message, or both. Papers are added before."""

    message = serializers.CharField(max_length=300)


class WithdrawingSerializer(StrictBody):
    because = serializers.CharField(max_length=300, required=False)


class PaperSerializer(StrictBody):
    """A paper: PDF, JPEG, PNG or TIFF of at most 20 MB. It is locked until it has been scanned."""

    file = serializers.FileField(max_length=150)
    kind = serializers.ChoiceField(PAPERS, default=RequestAttachment.Kind.LETTER.value)
    title = serializers.CharField(max_length=150, required=False)

    def validate_file(self, file: Any) -> Any:
        if file.size > LARGEST_FILE:
            raise serializers.ValidationError(gettext_lazy("A file may have at most 20 MB."))
        return file


class PaperRow(Row[RequestAttachment]):
    """A paper that was sent in. It cannot be read back."""

    state = serializers.SerializerMethodField(help_text="In words.")

    class Meta:
        model = RequestAttachment
        fields = ["uuid", "kind", "title", "file_name", "added_at", "state"]

    def get_state(self, row: RequestAttachment) -> str:
        return status_words.paper_words(row.scan)


class MissingRow(serializers.Serializer[Any]):
    """What is missing, in the unit's words, and the last day on which it may come."""

    what = serializers.CharField()
    until = serializers.DateField(allow_null=True)


class ExtensionRow(serializers.Serializer[Any]):
    """That the period was extended, until when and why."""

    until = serializers.DateField()
    because = serializers.CharField()


class FeeRow(serializers.Serializer[Any]):
    """A fee that must be paid before the request goes on; not paid in time, it counts as withdrawn."""

    amount = serializers.CharField(help_text="In TL.")
    until = serializers.DateField()
    pay_to = serializers.CharField()


class RequestRow(Row[FootageRequest]):
    """A request as its requester sees it.

    `deadline`: the last day on which it is answered, null once it is over. `answer`: the sentences of the
    answer letter, in Turkish, once it was refused or nothing was found. `words`, `kind_name`: in the
    language of Accept-Language.
    """

    status = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()
    kind = serializers.CharField(source="kind.code")
    kind_name = serializers.CharField(source="kind.name")
    building = serializers.SerializerMethodField(help_text="The building's name.")
    starts_at = ZonedTime()
    ends_at = ZonedTime()
    deadline = serializers.SerializerMethodField()
    extended = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()
    papers = serializers.SerializerMethodField()

    class Meta:
        model = FootageRequest
        fields = [
            "number",
            "status",
            "words",
            "kind",
            "kind_name",
            "wants",
            "building",
            "place",
            "starts_at",
            "ends_at",
            "arrived_at",
            "deadline",
            "extended",
            "missing",
            "fee",
            "answer",
            "papers",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Told.choices))
    def get_status(self, row: FootageRequest) -> str:
        return status_words.told_of(row).value

    def get_words(self, row: FootageRequest) -> str:
        return str(status_words.told_of(row).label)

    def get_building(self, row: FootageRequest) -> str | None:
        return row.building.name if row.building else None

    def get_deadline(self, row: FootageRequest) -> dt.date | None:
        return status_words.deadline_of(row)

    @extend_schema_field(ExtensionRow(allow_null=True))
    def get_extended(self, row: FootageRequest) -> dict[str, Any] | None:
        found = status_words.extension_of(row)
        return None if found is None else dict(ExtensionRow(found).data)

    @extend_schema_field(MissingRow(allow_null=True))
    def get_missing(self, row: FootageRequest) -> dict[str, Any] | None:
        found = status_words.missing_of(row)
        return None if found is None else dict(MissingRow(found).data)

    @extend_schema_field(FeeRow(allow_null=True))
    def get_fee(self, row: FootageRequest) -> dict[str, Any] | None:
        found = status_words.fee_of(row)
        return None if found is None else dict(FeeRow(found).data)

    def get_answer(self, row: FootageRequest) -> str:
        return status_words.answer_of(row)

    @extend_schema_field(PaperRow(many=True))
    def get_papers(self, row: FootageRequest) -> list[Any]:
        if row.took_in_others:  # type: ignore[attr-defined]
            # Papers of the case that was merged into it are somebody else's, and lie among its own.
            return []
        # What the unit added to the case is not the requester's.
        known = {kind for kind, _label in PAPERS}
        sent_in = [
            paper
            for paper in row.attachments.all()
            if paper.added_by_id == row.filer_id and paper.kind in known
        ]
        return list(PaperRow(sent_in, many=True).data)


class BasisRow(Row[LegalBasis]):
    name = serializers.CharField()

    class Meta:
        model = LegalBasis
        fields = ["code", "name"]


class QuestionRow(Row[KindQuestion]):
    """A question of the unit's own; `question` in the language of Accept-Language."""

    question = serializers.CharField(source="name")

    class Meta:
        model = KindQuestion
        fields = ["code", "question", "is_required"]


class KindRow(Row[RequesterKind]):
    """A kind of requester. `days` until the answer, counted as `clock` says."""

    name = serializers.CharField()
    reference_name = serializers.CharField(help_text="What the reference number is called.")
    bases = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField(help_text="What the unit asks of this kind.")

    class Meta:
        model = RequesterKind
        fields = [
            "code",
            "name",
            "identity_required",
            "reference_required",
            "reference_name",
            "days",
            "clock",
            "gives",
            "bases",
            "required_facts",
            "questions",
        ]

    @extend_schema_field(BasisRow(many=True))
    def get_bases(self, row: RequesterKind) -> list[Any]:
        return list(
            BasisRow([basis for basis in row.bases.all() if basis.is_active], many=True).data
        )

    @extend_schema_field(QuestionRow(many=True))
    def get_questions(self, row: RequesterKind) -> list[Any]:
        return list(QuestionRow(questions.of_kind(row), many=True).data)


class BuildingRow(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    site = serializers.CharField()


class ChoicesRow(serializers.Serializer[Any]):
    """What a form of the portal offers."""

    kinds = KindRow(many=True)
    buildings = BuildingRow(many=True)
