"""The pages of requests: entering, finding, opening with a reason, editing in turn, deciding."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import Entry
from core import tsi
from footage_requests.casework import arriving, case_view, opinions
from footage_requests.decisions import deciding
from footage_requests.models import FootageRequest, RefusalCode, RequesterKind, SavedFilter
from tests.browsing import PASSWORD, with_password
from tests.inventory import rows
from tests.pages.scene import browser
from tests.requests import cases

pytestmark = pytest.mark.django_db


def url(name: str, *args: Any) -> str:
    return reverse(f"footage_requests:{name}", args=args)


def typed(**more: Any) -> dict[str, Any]:
    """A prosecutor's letter as somebody types it."""
    day = tsi.today() - dt.timedelta(days=1)
    kind = cases.kind()
    facts = {
        "kind": kind.pk,
        "basis": kind.bases.get().pk,
        "door": "PETITION",
        "reference_no": "2026/99",
        "organisation": "Savcılık",
        "place": "Kütüphane",
        "first_day": day.isoformat(),
        "first_time": "14:00",
        "last_time": "14:30",
        "arrived_day": day.isoformat(),
        "arrived_time": "16:00",
        "wants": "COPY",
        **more,
    }
    return {name: value for name, value in facts.items() if value != ""}


def test_a_letter_is_entered_on_one_page():
    """REL-1."""
    client = browser(rows.person("REGISTRY_CLERK"))
    answer = client.post(url("new"), typed())

    row = FootageRequest.objects.get()
    assert answer["Location"] == url("case", row.pk)
    assert row.ends_at - row.starts_at == dt.timedelta(minutes=30)
    assert row.door == "PETITION"


def test_a_request_that_names_its_building_is_entered():
    """REL-1: whether the person may file for that building is asked before there is a row."""
    building = rows.building()
    answer = browser(rows.person("REGISTRY_CLERK")).post(url("new"), typed(building=building.pk))

    assert answer.status_code == 302
    assert FootageRequest.objects.get().building == building


def test_a_scanned_petition_comes_in_with_its_request(settings, tmp_path):
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path, 0
    client = browser(rows.person("REGISTRY_CLERK"))
    wrong = client.post(url("new"), typed(paper=SimpleUploadedFile("d.pdf", b"MZ")))
    assert set(wrong.context["form"].errors) == {"paper"}
    assert not FootageRequest.objects.exists()

    client.post(url("new"), typed(paper=SimpleUploadedFile("d.pdf", b"%PDF-1.7\n%%EOF")))
    assert FootageRequest.objects.get().attachments.get().file_name == "d.pdf"


def test_a_case_that_is_ready_offers_to_submit_it_first():
    row = cases.checked(cases.filed(positions=[rows.position()]))
    client = browser(rows.person("OPERATOR"))

    assert client.get(url("case", row.pk)).context["main"]["url"] == url("submit", row.pk)


def test_about_two_oclock_is_enough():
    client = browser(rows.person("REGISTRY_CLERK"))
    client.post(
        url("new"),
        typed(first_time="", last_time="", about_time="14:00", about_minutes="60"),
    )

    row = FootageRequest.objects.get()
    assert row.ends_at - row.starts_at == dt.timedelta(hours=2)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"last_time": "13:00"}, "last_time"),
        ({"first_day": (tsi.today() + dt.timedelta(days=2)).isoformat()}, "first_time"),
        ({"last_day": (tsi.today() - dt.timedelta(days=50)).isoformat()}, "last_time"),
        ({"first_time": "", "last_time": ""}, "first_time"),
        ({"reference_no": ""}, "reference_no"),
        ({"national_id": "12345678901"}, "national_id"),
        ({"arrived_day": (tsi.today() + dt.timedelta(days=2)).isoformat()}, "arrived_day"),
        ({"place": ""}, "place"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(wrong, field):
    """B6."""
    client = browser(rows.person("REGISTRY_CLERK"))
    answer = client.post(url("new"), typed(event="Hırsızlık", **wrong))

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert "Hırsızlık" in answer.content.decode()
    assert not FootageRequest.objects.exists()


def test_an_incomplete_letter_is_registered_on_purpose_only():
    client = browser(rows.person("REGISTRY_CLERK"))
    client.post(url("new"), typed(reference_no="", incomplete="on"))

    assert FootageRequest.objects.get().status == "REGISTERED"


def test_a_draft_is_kept_and_registered_later():
    client = browser(rows.person("REGISTRY_CLERK"))
    client.post(url("new"), typed(draft="1"))
    row = FootageRequest.objects.get()
    assert row.status == "DRAFT"

    client.post(url("register", row.pk))
    row.refresh_from_db()
    assert row.status == "REGISTERED"


def test_a_link_from_a_cameras_day_brings_camera_and_window_along():
    operator = rows.person("OPERATOR")
    place = rows.position()
    start = timezone.now().replace(microsecond=0) - dt.timedelta(hours=5)
    query: dict[str, Any] = {
        "position": place.pk,
        "from": start.isoformat(),
        "to": (start + dt.timedelta(minutes=10)).isoformat(),
    }
    client = browser(operator)
    form = client.get(url("new"), query).context["form"]
    assert form.initial["first_time"] == start.astimezone(tsi.TSI).time()
    client.post(url("new"), typed(positions=[place.pk]))

    assert FootageRequest.objects.get().items.get().position == place


def test_somebody_of_another_building_does_not_file_for_this_one():
    here, elsewhere = rows.building(), rows.building()
    clerk = rows.person("REGISTRY_CLERK", scope_kind="building", scope_id=elsewhere.pk)
    client = browser(clerk)

    answer = client.post(url("new"), typed(building=here.pk))
    assert answer.status_code == 422


def test_who_saves_second_is_told_what_the_first_changed_and_keeps_what_he_typed():
    row = cases.filed(event="bir")
    client = browser(row.filer)
    seen = client.get(url("edit", row.pk)).context["form"]["seen"].value()
    arriving.edit(row, {"event": "iki"}, by=rows.person("OPERATOR"))
    answer = client.post(url("edit", row.pk), typed(event="üç", seen=seen))
    assert answer.status_code == 409
    assert [
        answer.context["conflicts"][0].was,
        answer.context["conflicts"][0].now,
    ] == ["bir", "iki"]

    again = answer.context["form"]["seen"].value()
    client.post(url("edit", row.pk), typed(event="üç", seen=again))
    row.refresh_from_db()
    assert row.event == "üç"


def test_an_edit_without_a_number_keeps_the_sealed_one():
    row = cases.filed(code="DATA_SUBJECT")
    client = browser(row.filer)
    seen = client.get(url("edit", row.pk)).context["form"]["seen"].value()
    kind = cases.kind("DATA_SUBJECT")
    client.post(
        url("edit", row.pk), typed(kind=kind.pk, basis=kind.bases.get().pk, event="x", seen=seen)
    )

    row.refresh_from_db()
    assert (row.event, bool(row.identity_hash)) == ("x", True)


def test_whoever_does_not_work_on_a_case_says_why_he_opens_it_once_a_day():
    """Duty 6."""
    row = cases.filed(event="kavga")
    client = browser(rows.person("AUDITOR"))
    asked = client.get(url("case", row.pk))
    assert "kavga" not in asked.content.decode()

    client.post(url("case", row.pk), {"reason": "yearly audit"})
    assert "kavga" in client.get(url("case", row.pk)).content.decode()
    entry = Entry.objects.get(action="footagerequest.open")
    assert entry.because == "yearly audit"


def test_whoever_works_on_a_case_is_not_asked_but_written_down_once_a_day():
    row = cases.filed()
    client = browser(rows.person("OPERATOR"))
    client.get(url("case", row.pk))
    client.get(url("case", row.pk))

    assert Entry.objects.filter(action="footagerequest.open").count() == 1


def test_the_whole_identity_number_is_shown_for_a_reason_and_on_no_other_page():
    row = cases.filed(code="DATA_SUBJECT")
    client = browser(row.filer)
    assert cases.NATIONAL_ID not in client.get(url("case", row.pk)).content.decode()

    shown = client.post(url("reveal", row.pk), {"because": "address check"})
    assert cases.NATIONAL_ID in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"


def test_past_requests_are_found_by_words_numbers_and_filters():
    """REL-2."""
    row = cases.filed(organisation="Işık Sigorta", reference_no="2026/7")
    other = cases.filed(code="PHONE_CALL")
    client = browser(rows.person("UNIT_HEAD"))

    def found(**query: Any) -> list[str]:
        return [line["name"] for line in client.get(url("list"), query).context["lines"]]

    assert found(find="isik 2026/7") == [row.number]
    assert found(kind=other.kind_id) == [other.number]
    assert found(state="open", sort="number") == [row.number, other.number]
    assert found(footage="bad") == [other.number, row.number]
    assert found(since=(tsi.today() + dt.timedelta(days=1)).isoformat()) == []


def test_the_list_leaves_as_a_file_and_that_is_written_down():
    row = cases.filed()
    client = browser(rows.person("UNIT_HEAD"))
    answer = client.get(url("list"), {"format": "csv"})

    assert row.number in answer.getvalue().decode()
    assert Entry.objects.get(action="requests.export").actor_role == "UNIT_HEAD"


def test_a_view_of_the_list_is_kept_under_a_name_by_its_owner_alone():
    head = rows.person("UNIT_HEAD")
    client = browser(head)
    client.post(url("save_filter"), {"name": "Late", "query": "state=late&page=3"})
    kept = SavedFilter.objects.get()
    assert (kept.query, kept.person) == ("state=late", head)

    stranger = browser(rows.person("UNIT_HEAD"))
    assert stranger.post(url("delete_filter", kept.pk)).status_code == 404
    client.post(url("delete_filter", kept.pk))
    assert not SavedFilter.objects.exists()


def test_the_board_sorts_cases_by_what_is_needed_next_and_the_urgent_first():
    cases.filed()
    waiting = cases.submitted()
    draft = cases.filed(as_draft=True)
    soon, later = (cases.checked(cases.filed(positions=[rows.position()])) for _row in range(2))
    now = timezone.now()
    for row, hours in ((soon, 5), (later, 90)):
        row.items.update(lost_at=now + dt.timedelta(hours=hours), retention_at=now)
    shown = browser(rows.person("UNIT_HEAD")).get(url("board")).context["columns"]
    columns = {column["key"]: [row.number for row in column["cards"]] for column in shown}

    assert columns["enter"] == [draft.number]
    assert columns["decide"] == [waiting.number]
    assert columns["check"] == [soon.number, later.number]
    assert len(columns["choose"]) == 1


def decision(row: FootageRequest, **more: Any) -> dict[str, Any]:
    seen = deciding.summary(row).sha256
    return {"kind": "COPY", "sha256": seen, "password": PASSWORD, **more}


@pytest.fixture
def superior():
    return with_password(rows.person("SUPERIOR"))


def test_a_superior_decides_with_his_password_once_more(superior):
    """REL-4."""
    row = cases.submitted()
    client = browser(superior)
    wrong = client.post(url("decide", row.pk), decision(row, password="guess"))
    assert wrong.status_code == 422
    row.refresh_from_db()
    assert row.status == "AWAITING_DECISION"

    client.post(url("decide", row.pk), decision(row))
    made = row.decisions.get()
    assert (made.kind, made.decided_by, made.confirmed_how) == ("COPY", superior, "password")


def test_a_part_is_chosen_by_camera_and_minute(superior):
    row = cases.submitted()
    item = row.items.get()
    start = item.starts_at.astimezone(tsi.TSI)
    form = {
        "reason": "only what concerns the case",
        f"line-{item.pk}": "on",
        f"from-{item.pk}": start.strftime("%Y-%m-%dT%H:%M:%S"),
        f"until-{item.pk}": (start + dt.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S"),
        f"mask-{item.pk}": "on",
    }
    browser(superior).post(url("decide", row.pk), decision(row, kind="PART", **form))

    line = row.decisions.get().lines.get()
    assert line.starts_at == item.starts_at
    assert line.ends_at - line.starts_at == dt.timedelta(minutes=5)
    assert line.must_be_masked


def test_a_refusal_needs_its_codes(superior):
    row = cases.submitted()
    client = browser(superior)
    answer = client.post(url("decide", row.pk), decision(row, kind="REFUSE", reason="no basis"))
    assert answer.status_code == 422

    client.post(
        url("decide", row.pk), decision(row, kind="REFUSE", reason="no basis", codes=["R03"])
    )
    assert [code.code for code in row.decisions.get().refusal_codes.all()] == ["R03"]


def test_a_decision_on_what_is_no_longer_so_is_refused(superior):
    """B4."""
    row = cases.submitted()
    old = decision(row)
    arriving.edit(row, {"event": "x"}, by=row.filer)
    cases.checked(row)
    row.take("submit", by=row.filer)
    answer = browser(superior).post(url("decide", row.pk), old)

    assert answer.status_code == 422
    assert not row.decisions.exists()


def test_the_screen_shows_the_gaps_and_never_footage(superior):
    """REL-20, B10."""
    row = cases.submitted()
    item = row.items.get()
    start = tsi.to_ms(item.starts_at)
    cases.checked(row, answer="PARTLY", gaps=[[start + 60_000, start + 180_000]])
    page = browser(superior).get(url("decide", row.pk)).content.decode()

    assert "(2 min)" in page
    assert "<video" not in page


def test_the_filer_never_reaches_the_decision():
    """B1."""
    both = with_password(rows.person("SUPERIOR", "OPERATOR"))
    row = cases.checked(cases.filed(by=both, positions=[rows.position()]))
    row.take("review", by=both)
    row.take("submit", by=both)

    assert browser(both).post(url("decide", row.pk), decision(row)).status_code == 403


def test_the_unit_edits_its_rules_and_the_change_is_written_down():
    """REL-3."""
    kind = cases.kind("PETITION")
    client = browser(rows.person("LEGAL"))
    form = client.get(url("rule", "kinds", kind.pk)).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    client.post(url("rule", "kinds", kind.pk), {**sent, "days": 20, "warn_days": "10, -2"})

    kind.refresh_from_db()
    assert (kind.days, kind.warn_days) == (20, [10, -2])
    assert '"days"' in Entry.objects.get(action="requesterkind.change").canon
    assert kind.history.count() == 1


def test_a_small_unit_period_names_who_set_it():
    superior = rows.person("SUPERIOR")
    sent = {"starts_on": tsi.today().isoformat(), "document": "Olur 12"}
    client = browser(superior)
    client.post(
        url("rule_new", "small-unit"),
        {**sent, "seen": client.get(url("rule_new", "small-unit")).context["form"]["seen"].value()},
    )

    assert "Olur 12" in client.get(url("rules")).content.decode()


def test_statistics_count_by_kind_outcome_and_days(superior):
    row = cases.submitted()
    choice = deciding.Choice(
        kind="REFUSE",
        seen_sha256=deciding.summary(row).sha256,
        reason="no basis",
        codes=[RefusalCode.objects.values_list("code", flat=True)[0]],
    )
    deciding.decide(row, choice, by=superior)
    cases.filed(code="PETITION")
    lines = browser(superior).get(url("statistics")).context["lines"]

    assert [(line.kind.code, line.total) for line in lines] == [("PROSECUTOR", 1), ("PETITION", 1)]
    assert lines[0].by_outcome == {"REFUSE": 1}
    assert lines[1].by_outcome == {"OPEN": 1}


def test_the_request_form_prints_filled_in_and_blank():
    """Form 6.1."""
    row = cases.filed(code="DATA_SUBJECT", event="Çizik", positions=[rows.position()])
    client = browser(row.filer, "tr")

    for address in (url("form_paper", row.pk), url("blank_form")):
        answer = client.get(address)
        assert answer.content.startswith(b"%PDF")


def test_requests_are_found_by_the_search_of_everything():
    row = cases.filed()
    found = browser(rows.person("UNIT_HEAD")).get("/search/", {"q": row.number})

    assert list(found.context["requests"]) == [row]


def test_a_kind_that_is_out_of_use_is_not_offered():
    RequesterKind.objects.filter(code="INSURANCE").update(is_active=False)
    form = browser(rows.person("REGISTRY_CLERK")).get(url("new")).context["form"]

    assert not form.fields["kind"].queryset.filter(code="INSURANCE").exists()


def test_a_cameras_page_names_the_requests_that_touched_it():
    place = rows.position()
    row = cases.filed(positions=[place])
    page = browser(rows.person("OPERATOR")).get(reverse("inventory:position", args=[place.pk]))

    assert row.number in page.content.decode()


def test_a_request_of_a_kind_gone_out_of_use_can_still_be_edited():
    row = cases.filed(event="bir")
    RequesterKind.objects.filter(pk=row.kind_id).update(is_active=False)
    client = browser(row.filer)
    seen = client.get(url("edit", row.pk)).context["form"]["seen"].value()
    client.post(url("edit", row.pk), typed(event="iki", seen=seen))

    row.refresh_from_db()
    assert row.event == "iki"


def test_labels_are_written_with_turkish_capitals():
    page = browser(rows.person("REGISTRY_CLERK"), "tr").get(url("new")).content.decode()

    assert "İstenen" in page
    assert "Istenen" not in page


def test_an_office_opens_a_case_without_a_reason_while_its_opinion_is_asked():
    row = cases.filed(code="LAWYER", positions=[rows.position()])
    legal = browser(rows.person("LEGAL"))
    assert "requests/open.html" in {each.name for each in legal.get(url("case", row.pk)).templates}

    row.take("review", by=rows.person("OPERATOR"))
    opinions.ask(row, ["LEGAL"], question="?", by=rows.person("OPERATOR"))
    assert "requests/case.html" in {each.name for each in legal.get(url("case", row.pk)).templates}


def test_an_opinion_stands_once_in_the_history():
    row = cases.filed(code="LAWYER", positions=[rows.position()])
    row.take("review", by=rows.person("OPERATOR"))
    opinions.ask(row, ["LEGAL"], question="?", by=rows.person("OPERATOR"))
    opinions.give(row, advice="GIVE", text="Verilebilir.", by=rows.person("LEGAL"))
    with translation.override("en"):
        told = [str(each["text"]) for each in case_view.history_of(row)]
    assert len(told) == len(set(told))
    assert sum("gave an opinion" in text for text in told) == 1


def test_a_case_that_was_withdrawn_says_why_and_a_part_of_the_system_what_it_is():
    row = cases.filed(positions=[rows.position()])
    arriving.withdraw(row, by="deadlines", because="no letter came")
    page = browser(rows.person("OPERATOR")).get(url("case", row.pk)).content.decode()

    assert page.count("no letter came") == 2
    assert "watch over deadlines" in page
    assert "(deadlines)" not in page


def test_a_call_is_not_asked_for_what_only_a_letter_brings():
    cases.kind()
    client = browser(rows.person("REGISTRY_CLERK"))
    call, letter = (
        client.get(f"{url('new')}{query}").context["form"].fields for query in ("?door=PHONE", "")
    )

    assert {"paper", "ebys_number", "written_deadline"} <= set(letter)
    assert not {"paper", "ebys_number", "written_deadline"} & set(call)


def test_a_question_that_was_open_at_a_withdrawal_is_asked_anew():
    row = cases.filed(code="LAWYER", positions=[rows.position()])
    operator = rows.person("OPERATOR")
    opinions.ask(row, ["LEGAL"], question="first", by=operator)
    arriving.withdraw(row, by="deadlines", because="no letter came")
    row.refresh_from_db()
    row.take("reinstate", by=operator, because="it came")

    opinions.ask(row, ["LEGAL"], question="second", by=operator)

    assert [each.question for each in row.opinions.all()] == ["second"]


def test_what_may_be_gone_is_shown_with_the_recorders_oldest_time(superior):
    """B6: on the page of the case and on the screen of the decision."""
    row = cases.submitted()
    start = tsi.to_ms(row.items.get().starts_at)
    oldest = start + 300_000
    told = tsi.stamp(tsi.from_ms(oldest))
    for answer, at, is_told in (("PARTLY", oldest, True), ("NO", oldest, True), ("YES", 0, False)):
        cases.checked(row, answer=answer, gaps=[[start, oldest]], oldest_ms=at)
        item = row.items.get()
        assert (told in case_view.oldest_words(item)) == is_told
        page = browser(superior).get(url("decide", row.pk)).content.decode()
        assert (told in page) == is_told
    found = case_view.cameras_of([item], [])
    assert [camera["oldest"] for camera in found] == [""]
