"""What a case says stays true: after returns, late payments, merges, crashes and whatever came at once."""

from __future__ import annotations

import datetime as dt
import os

import pytest
import pyzipper
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from core import panels
from core.jobs import Job
from core.steps import InvalidTransition
from core.tsi import today
from footage_requests.casework import arriving, fees
from footage_requests.decisions import deciding
from footage_requests.errors import ContentChanged, NotThisPerson, Refused
from footage_requests.exhibits import masking, verifying
from footage_requests.footage import exporting, store
from footage_requests.holds import availability, holding
from footage_requests.models import (
    Decision,
    Exhibit,
    FixedMask,
    FootageRequest,
    Hold,
    InterestDeclaration,
    MaskPlan,
    Package,
    RefusalCode,
    RequestItem,
    Viewing,
)
from footage_requests.release import (
    brought_back,
    closing,
    handing_over,
    links,
    release_work,
    returning,
)
from footage_requests.secrecy import case_guards, declaring, interests, undertakings
from tests.inventory import rows
from tests.requests.case import exhibit_of, package_of
from tests.requests.portal_calls import Portal, install_rules
from tests.requests.test_deciding import grant
from tests.requests.test_fees import asked, notified
from tests.requests.test_handing_over import facts, sealed
from tests.requests.test_release_pages import PDF, copy_of
from tests.requests.test_returning import back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def test_a_record_names_the_decision_and_no_return_before_it(campus):
    request = campus.request()
    campus.item(request, campus.camera(), answer="NO")
    for step in ("review", "submit"):
        request.take(step, by=campus.operator)
    first, second = campus.superior, type(campus)().superior
    campus.decide(request, "RETURN", by=first)
    request.refresh_from_db()
    request.take("submit", by=campus.operator)
    campus.decide(request, "NO_RECORDING", by=second)
    request.refresh_from_db()

    row = handing_over.record_no_recording(request, {"place": "Oda"}, by=campus.operator)

    assert row.content["decided_by"] == str(second)


def test_an_answer_that_was_given_is_not_withdrawn(campus):
    request = campus.submitted()
    decision = campus.decide(request, "REFUSE", codes=[campus.code().code])
    with pytest.raises(InvalidTransition):
        arriving.withdraw(request, by=campus.clerk, because="changed my mind")

    decision.refresh_from_db()
    request.refresh_from_db()
    assert (decision.voided_at, request.status) == (None, "REFUSED")


def test_one_approval_gives_one_release_even_after_our_copy_is_gone(campus):
    decision = campus.decide(campus.submitted())
    package = package_of(campus, decision)
    gone = Package.objects.filter(pk=package.pk)
    gone.update(status="DESTROYED", delivered_at=timezone.now())
    with pytest.raises(Refused):
        exporting.start_export(decision, campus.operator)

    gone.update(delivered_at=None)
    assert closing.missing(decision.request)[-1] == "Nothing has been exported yet."
    assert exporting.start_export(decision, campus.operator).status == "EXPORTING"


def test_a_late_payment_brings_the_held_footage_back_with_the_case(campus):
    row = asked(days_ago=70)
    fee = notified(row, days_ago=60)
    held = row.items.get()
    hold = Hold.objects.create(
        request=row,
        item=held,
        channel=campus.camera().channels_on(today())[0],
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        reason="x",
    )
    fees.lapse_due(timezone.now(), by="deadlines")
    Hold.objects.filter(pk=hold.pk).update(release_on=today() + dt.timedelta(days=30))

    fees.pay(row, paid_on=fee.due_on, document="Dekont 3", by=row.filer)

    hold.refresh_from_db()
    assert hold.release_on is None


def test_what_a_recorder_says_of_an_older_window_is_not_stored(campus):
    item = campus.item(campus.request(), campus.camera())
    moved = item.ends_at + dt.timedelta(hours=1)
    RequestItem.objects.filter(pk=item.pk).update(ends_at=moved, checked={})

    availability.check_item(item)

    assert RequestItem.objects.get().checked == {}


def test_a_decision_on_gaps_that_were_not_on_the_screen_is_refused(campus):
    request = campus.submitted()
    shown = deciding.summary(request).shown_sha256
    RequestItem.objects.update(checked={"answer": "PARTLY", "gaps": [[0, 2**41]]})

    with pytest.raises(ContentChanged):
        campus.decide(request, shown_sha256=shown)


def test_a_copy_that_had_a_link_gets_no_second_one(campus):
    package = sealed(campus)
    copy = copy_of(campus, package)
    told = {
        "recipient_name": "Av. Ayşe Işık",
        "recipient_contact": "a@example.edu",
        "expires_at": timezone.now() + dt.timedelta(days=1),
        "by": campus.deliverer,
    }
    links.make_link(package, copy.file, **told)
    with pytest.raises(Refused):
        links.make_link(package, copy.file, **told)


def test_a_passphrase_is_wiped_although_its_worker_died(campus):
    copy = copy_of(campus, sealed(campus))
    copy.job.start()
    now = timezone.now()
    assert release_work.forget_passphrases(now + dt.timedelta(minutes=10)) == 0
    assert release_work.forget_passphrases(now + dt.timedelta(hours=2)) == 1


def test_who_stepped_out_gets_no_more_pictures(campus):
    package = sealed(campus)
    exhibit = package.exhibits.get()
    viewing = verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer, note="Ali Veli")
    assert verifying.may_stream(viewing, campus.deliverer, timezone.now())
    InterestDeclaration.objects.create(
        request=package.request, person=campus.deliverer, is_out=True, why="RELATED"
    )
    again = Viewing.objects.get(pk=viewing.pk)
    assert not verifying.may_stream(again, campus.deliverer, timezone.now())


def test_a_package_waits_for_the_masks_that_were_drawn_last(campus):
    package = package_of(campus, campus.decide(campus.submitted()), status="MASKING")
    exhibit = exhibit_of(package, b"pictures" * 100)
    job = Job.objects.create(kind="mask", key="x", title="x")
    MaskPlan.objects.create(exhibit=exhibit, version=2, drawn_by=campus.operator, job=job)

    with pytest.raises(Refused):
        masking.offer(package, by=campus.operator)


def test_a_merge_keeps_the_longer_minutes_of_a_camera(campus):
    camera = campus.camera()
    short = campus.request(camera)
    long = campus.request(camera, ends_at=short.ends_at + dt.timedelta(hours=3))
    for each in (short, long):
        holding.hold_request(each, campus.operator)
    Hold.objects.filter(request=long).update(status="HELD", held_at=timezone.now())

    arriving.merge(long, short, by=campus.operator, because="same matter")

    assert short.items.get().ends_at == long.ends_at
    assert short.holds.get(status__in=Hold.KEPT).ends_at >= long.ends_at
    assert short.holds.get(status="RELEASED").ends_at < long.ends_at


def test_who_entered_a_merged_request_neither_decides_nor_exports_the_other(campus):
    """B1, B2: what he asked for himself is in it now, at whatever remove."""
    both = rows.person(Role.SUPERIOR, Role.UNIT_HEAD, Role.OPERATOR)
    deputy = rows.person()
    grant(deputy, both)
    mine, between = campus.request(campus.camera(), filer=both), campus.request(campus.camera())
    other = campus.request(campus.camera())
    arriving.merge(mine, between, by=both, because="same matter")
    arriving.merge(between, other, by=both, because="same matter")
    other.refresh_from_db()
    other.take("review", by=campus.operator)
    other.take("submit", by=campus.operator)

    for person in (both, deputy):
        with pytest.raises(NotThisPerson):
            campus.decide(other, by=person)
    decision = campus.decide(other)
    with pytest.raises(NotThisPerson):
        exporting.start_export(decision, both)
    package = package_of(campus, decision, status="VERIFYING")
    exhibit_of(package, b"pictures" * 100)
    with pytest.raises(NotThisPerson):
        verifying.verify(package, {}, by=both)


def test_the_database_knows_who_entered_a_merged_request(campus):
    """B1, B2: whoever goes round the services is refused as well, at whatever remove; others are not."""
    both = rows.person(Role.SUPERIOR, Role.OPERATOR)
    mine, between = campus.request(campus.camera(), filer=both), campus.request(campus.camera())
    own = campus.request(campus.camera(), filer=campus.clerk)
    other = campus.submitted(filer=campus.clerk)
    arriving.merge(mine, between, by=both, because="same matter")
    for each in (between, own):
        arriving.merge(each, other, by=campus.operator, because="same matter")
    decision = campus.decide(campus_again(other, campus))
    package = package_of(campus, decision, status="VERIFYING", is_small_unit=True)

    def named(row, column, person):
        type(row).objects.filter(pk=row.pk).update(**{column: person})

    for row, column in (
        (decision, "decided_by"),
        (package, "approver"),
        (package, "exporter"),
        (package, "verifier"),
    ):
        with _refused_by_the_database(), transaction.atomic():
            named(row, column, both)
    with _refused_by_the_database(), transaction.atomic():
        Decision.objects.create(
            request=other, kind="RETURN", filer=campus.clerk, decided_by=both, reason="x",
            content_version=1, content_sha256="0" * 64, confirmed_how="password",
        )  # fmt: skip
    # Who entered this case and a merged one is judged as its filer: small-unit mode lets him export.
    named(package, "exporter", campus.clerk)
    named(package, "verifier", campus.second_operator)


def _refused_by_the_database():
    return pytest.raises(IntegrityError, match=case_guards.REFUSAL_OF_FILERS)


def test_bugun_offers_no_decision_to_whose_request_was_merged_in(campus, english):
    """What the page of the decision refuses is not asked for on Bugün, by one question for all cases."""
    both, other = (rows.person(Role.SUPERIOR, Role.OPERATOR) for _ in range(2))
    mine, between = campus.request(campus.camera(), filer=both), campus.request(campus.camera())
    into, apart = campus.submitted(), campus.submitted()
    arriving.merge(mine, between, by=both, because="same matter")
    arriving.merge(between, into, by=both, because="same matter")
    campus_again(into, campus)

    def waiting(person):
        with panels.one_look(), CaptureQueriesContext(connection) as asked:
            panels.gather(person)
            told = {line.sentence for line in panels.today_lines(person)}
        found = {row for row in (into, apart) if f"{row.number} waits for your decision" in told}
        return found, len(asked)

    (his, hers), asked = zip(waiting(both), waiting(other), strict=True)
    assert his == {apart}
    assert hers == {into, apart}
    assert asked[0] <= asked[1]


def test_who_is_out_of_a_merged_request_is_out_of_the_other(campus):
    """B2: what he stepped out of goes on there; a denial of one case says nothing of the other."""
    mine, other = campus.submitted(), campus.submitted()
    declaring.step_out(mine, "IN_FOOTAGE", by=campus.superior, note="north door")
    declaring.deny(mine, by=campus.second_operator)
    for person in (campus.operator, campus.head):
        declaring.step_out(mine, "RELATED", by=person)
    declaring.step_out(other, "RELATED", by=campus.operator)
    arriving.merge(mine, other, by=campus.head, because="same matter")

    out = other.interests.standing()
    assert {row.person for row in out} == {campus.superior, campus.operator, campus.head}
    assert mine.number in out.get(person=campus.superior).note
    assert not other.interests.filter(person=campus.second_operator).exists()
    with pytest.raises(NotThisPerson):
        campus.decide(campus_again(other, campus), by=campus.superior)


def test_the_name_of_who_asked_in_a_merged_request_is_asked_about(campus):
    """B2: the requester of the one does not decide on the other without saying that he is another."""
    mine = campus.submitted()
    FootageRequest.objects.filter(pk=mine.pk).update(requester_name=campus.superior.full_name)
    other = campus.submitted()
    arriving.merge(mine, other, by=campus.operator, because="same matter")

    other = campus_again(other, campus)
    with pytest.raises(NotThisPerson):
        campus.decide(other, by=campus.superior)
    declaring.deny(other, by=campus.superior, note="the same name")
    assert campus.decide(other, by=campus.superior)


def test_a_denial_says_nothing_of_names_that_a_merge_brings_in_later(campus):
    """B2: whoever said "I am another of that name" is asked once more where a new reason comes in."""
    superior = campus.superior
    row = campus.submitted(described=f"{superior.full_name} kapıda")
    plain, named, through = campus.request(), campus.submitted(), campus.request()
    same = campus.request(described=f"{superior.full_name} koridorda")
    FootageRequest.objects.filter(pk=named.pk).update(requester_name=superior.full_name)

    def asked():
        return interests.must_answer(superior, FootageRequest.objects.get(pk=row.pk))

    assert len(asked()) == 1
    # It joins another case before the denial, and this one after it.
    arriving.merge(named, through, by=campus.operator, because="same matter")
    declaring.deny(row, by=superior, note="a namesake")
    for each in (plain, same):
        arriving.merge(each, row, by=campus.operator, because="same matter")
        assert asked() == []
    arriving.merge(through, row, by=campus.operator, because="same matter")

    assert asked() == ["Your name stands there as the one who asks."]
    again = campus_again(row, campus)
    with pytest.raises(NotThisPerson):
        campus.decide(again)
    declaring.deny(again, by=superior, note="a namesake here too")
    assert asked() == []
    assert campus.decide(campus_again(row, campus))


def test_who_was_let_back_is_asked_about_names_that_came_in_later(campus):
    row, named = campus.submitted(), campus.submitted()
    FootageRequest.objects.filter(pk=named.pk).update(requester_name=campus.superior.full_name)
    declaring.step_out(row, "RELATED", by=campus.superior)
    declaring.take_back(row.interests.get(), by=campus.head, because="a mistake")
    arriving.merge(named, row, by=campus.operator, because="same matter")

    assert interests.must_answer(campus.superior, FootageRequest.objects.get(pk=row.pk))


def campus_again(request, campus):
    """The request after a merge, waiting for its decision once more."""
    row = FootageRequest.objects.get(pk=request.pk)
    if row.status != row.Status.AWAITING_DECISION:
        row.take("submit", by=campus.second_operator)
    return row


def test_a_merged_request_tells_nobody_of_the_others_papers(campus):
    install_rules()
    mine = Portal()
    row = mine.filed()
    other = Portal(mine.person, on_behalf_of="user-other")
    theirs = other.filed()
    assert other.paper(theirs.number, PDF).status_code == 201
    arriving.merge(theirs, row, by=campus.operator, because="same matter")

    assert mine.get(f"{row.number}/").json()["papers"] == []


@pytest.mark.parametrize(("masking_rule", "is_masked"), [("CASE", True), ("NONE", False)])
def test_the_private_areas_of_a_camera_are_shown_and_masked(campus, masking_rule, is_masked):
    camera = campus.camera()
    FixedMask.objects.create(
        position=camera,
        name="window",
        points=[[0, 0], [5000, 0], [5000, 5000]],
        starts_on=dt.date(2026, 1, 1),
        document="karar",
        entered_by=campus.head,
    )
    request = campus.submitted(camera, kind=campus.kind(masking=masking_rule))

    assert deciding.summary(request).lines[0].fixed_masks == 1
    assert campus.decide(request).lines.get().must_be_masked is is_masked


def test_a_refusal_for_want_of_footage_is_not_given_while_there_is_footage(campus):
    request = campus.submitted()
    code = campus.code("OVERWRITTEN")
    RefusalCode.objects.filter(pk=code.pk).update(needs_evidence=True)
    with pytest.raises(Refused):
        campus.decide(request, "REFUSE", codes=[code.code])

    RequestItem.objects.update(checked={"answer": "NO", "gaps": []})
    assert campus.decide(request, "REFUSE", codes=[code.code]).kind == "REFUSE"


def test_a_viewing_copy_does_not_pass_for_a_masked_one(campus):
    package = package_of(campus, campus.decide(campus.submitted()), status="MASKING")
    original = exhibit_of(package, b"pictures" * 100)
    original.line.must_be_masked = True
    original.line.save()
    for kind, replaced in (("VIEWING", None), ("MASKED", timezone.now())):
        copy = exhibit_of(package, b"other" * 100)
        Exhibit.objects.filter(pk=copy.pk).update(
            kind=kind, parent=original, parent_sha256="ab" * 32, replaced_at=replaced
        )

    assert masking.missing_masks(package) == [original]


def test_a_brought_file_may_be_called_as_ours(tmp_path):
    path = tmp_path / "inner.zip"
    with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"elma")
        archive.writestr("package.zip", b"x")
    brought = brought_back.measured(path, lambda _bytes: None)

    answer = brought_back.judge([brought], tmp_path, "elma")

    assert [line[1] for line in answer.lines] == ["unknown"]
    assert path.exists()


def test_a_strange_file_in_the_store_does_not_stop_its_sweep(campus, settings):
    folder = settings.EVIDENCE_DIR / "ab"
    folder.mkdir(parents=True)
    strange = folder / "notes.sealed"
    strange.write_bytes(b"x")
    os.utime(strange, (0, 0))
    assert store.sweep_store() == 1


def test_a_paper_signed_before_the_text_changed_is_no_signature_of_it(campus):
    undertakings.change_text(text_tr="Yeni", text_en="New", valid_months=12, by=campus.head)
    told = {"signed_on": today() - dt.timedelta(days=1), "by": campus.head}
    with pytest.raises(Refused):
        undertakings.file_paper(campus.operator, "a.pdf", PDF, **told)


def test_what_went_to_the_wrong_person_is_no_longer_to_be_fetched(campus):
    package = sealed(campus)
    copy = copy_of(campus, package)
    made = links.make_link(
        package,
        copy.file,
        recipient_name="Av. Ayşe Işık",
        recipient_contact="a@example.edu",
        expires_at=timezone.now() + dt.timedelta(days=1),
        by=campus.deliverer,
    )
    record = handing_over.hand_over(package, facts(medium="DOWNLOAD"), by=campus.deliverer)
    assert links.find(made.token)

    returning.take_back(record, back(return_reason="WRONG"), by=campus.deliverer)

    assert links.find(made.token) is None
