"""A notified fee stops the legal clock; paid, the days that were left go on; not paid, it is withdrawn."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from core.holidays import working_days_after, working_days_between
from core.tsi import at, day_of, today
from footage_requests.casework import arriving, board, deadlines, fees, reminders
from footage_requests.casework.life import life_of
from footage_requests.errors import Refused
from footage_requests.exhibits import verifying
from footage_requests.models import Fee, FootageRequest, Package
from footage_requests.release import handing_over, release_panel, release_work
from tests.inventory import rows
from tests.requests import cases
from tests.requests.case import Campus
from tests.requests.test_handing_over import facts as handed
from tests.requests.test_handing_over import sealed

pytestmark = pytest.mark.django_db


def asked(days_ago: int = 10) -> FootageRequest:
    """An information request that arrived so many days ago."""
    row = cases.filed(code="INFORMATION", positions=[rows.position()])
    FootageRequest.objects.filter(pk=row.pk).update(
        arrived_at=at(today() - dt.timedelta(days=days_ago), 9)
    )
    row.refresh_from_db()
    row.deadline_at = arriving.deadline_of(row)
    row.save()
    return row


def notified(row: FootageRequest, days_ago: int = 5) -> Fee:
    return fees.notify(
        row,
        amount=Decimal("12.50"),
        basis="Tarife, 25 sayfa",
        pay_to="IBAN TR00",
        notified_on=today() - dt.timedelta(days=days_ago),
        by=row.filer,
    )


def test_the_clock_stands_still_and_then_the_days_that_were_left_go_on() -> None:
    """REL-16."""
    row = asked()
    usual = deadlines.last_day_of(row)
    assert usual
    fee = notified(row)
    row.refresh_from_db()
    assert row.deadline_at is None
    assert row.stopped_until == fee.due_on
    assert fee.due_on == working_days_after(fee.notified_on, 15)
    left = working_days_between(fee.notified_on, usual)

    paid_on = today() - dt.timedelta(days=1)
    fees.pay(row, paid_on=paid_on, document="Dekont 12", by=row.filer)
    row.refresh_from_db()
    assert row.stopped_until is None
    last = deadlines.last_day_of(row)
    assert last
    assert last == working_days_after(paid_on, left)
    assert working_days_between(paid_on, last) == left


def test_an_edit_while_the_clock_stands_does_not_start_it() -> None:
    row = asked()
    notified(row)
    arriving.edit(row, {"event": "something else"}, by=row.filer)
    row.refresh_from_db()
    assert row.deadline_at is None


def test_a_fee_that_is_not_paid_withdraws_the_request_after_its_last_day_and_once() -> None:
    row = asked(40)
    fee = notified(row, 30)
    end = deadlines.end_of(fee.due_on)
    assert fees.lapse_due(end - dt.timedelta(seconds=1), by="deadlines") == 0
    assert fees.lapse_due(end, by="deadlines") == 1
    assert fees.lapse_due(end, by="deadlines") == 0
    row.refresh_from_db()
    assert row.status == "WITHDRAWN"
    assert [moment.state for moment in life_of(row, [], [], None, row.fees.all())].count("bad") >= 2


def test_who_paid_in_time_gets_the_case_back_and_who_paid_late_does_not() -> None:
    row = asked(40)
    fee = notified(row, 30)
    fees.lapse_due(deadlines.end_of(fee.due_on), by="deadlines")
    row.refresh_from_db()
    with pytest.raises(Refused):
        fees.pay(row, paid_on=fee.due_on + dt.timedelta(days=1), document="late", by=row.filer)
    fees.pay(row, paid_on=fee.due_on, document="Dekont", by=row.filer)
    row.refresh_from_db()
    assert row.status == "IN_REVIEW"
    assert row.deadline_at is not None
    assert row.closed_at is None


def test_the_unit_is_warned_before_a_fee_lapses() -> None:
    row = asked(40)
    fee = notified(row, 30)
    row.refresh_from_db()
    first = fees.warn_from(fee.due_on, 3)
    assert working_days_between(first, fee.due_on) == 3

    def kinds(day: dt.date) -> list[str]:
        return [each.kind for each in reminders.occasions(row, None, at(day, 9))]

    assert kinds(first) == [f"FEE_{fee.due_on:%Y%m%d}"]
    assert kinds(first - dt.timedelta(days=1)) == []


def test_a_fee_is_notified_only_where_the_kind_knows_one_and_one_at_a_time() -> None:
    row = asked()
    notified(row)
    with pytest.raises(Refused):
        notified(row)
    again = Fee.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)
    with pytest.raises(Refused):
        notified(cases.filed(positions=[rows.position()]), 0)
    with pytest.raises(Refused):
        notified(asked(), 11)


def test_a_waived_fee_starts_the_clock_today() -> None:
    row = asked()
    notified(row)
    with pytest.raises(Refused):
        fees.waive(row, because=" ", by=row.filer)
    fees.waive(row, because="One page only", by=row.filer)
    row.refresh_from_db()
    assert row.deadline_at
    assert day_of(row.deadline_at) > today()


def decided(campus: Campus, kind: str) -> FootageRequest:
    """A case with an open fee on which a superior has decided meanwhile, which is allowed."""
    fits = campus.kind("FEE_T", fee_pay_working_days=15)
    row = campus.submitted(kind=fits, arrived_at=at(today() - dt.timedelta(days=40), 9))
    notified(row, 30)
    row.refresh_from_db()
    if kind == "NO_RECORDING":
        row.items.update(checked={"answer": "NO", "gaps": []})
    campus.decide(row, kind, codes=[campus.code().code] if kind == "REFUSE" else [])
    row.refresh_from_db()
    assert row.stopped_until is not None
    return row


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("COPY", "WITHDRAWN"), ("REFUSE", "REFUSED"), ("NO_RECORDING", "NO_RECORDING")],
)
def test_a_fee_that_lapses_after_the_decision_stops_no_clock_any_more(
    campus: Campus, kind: str, becomes: str
) -> None:
    """4982, 10: an approval on which nobody pays counts as withdrawn; an answer that was given stays."""
    row = decided(campus, kind)
    fee = row.fees.get()
    fees.lapse_due(deadlines.end_of(fee.due_on), by="deadlines")
    row.refresh_from_db()
    fee.refresh_from_db()
    assert (row.status, row.stopped_until, fee.outcome) == (becomes, None, "LAPSED")
    assert row.decisions.filter(voided_at=None).exists() == (kind != "COPY")


def unpaid(campus: Campus) -> Package:
    """A sealed package of a case whose fee is open."""
    package = sealed(campus, fee_pay_working_days=15)
    Fee.objects.create(
        request=package.request,
        amount=Decimal("12.50"),
        basis="Tarife",
        pay_to="IBAN",
        notified_on=today() - dt.timedelta(days=30),
        due_on=today() - dt.timedelta(days=1),
        made_by=campus.clerk,
    )
    return package


def test_nothing_is_given_out_before_the_fee_is_paid(campus: Campus) -> None:
    """4982, 10: by no way, and the page says why."""
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    package = unpaid(campus)
    exhibit = package.exhibits.get()
    ways = [
        lambda: handing_over.hand_over(package, handed(), by=campus.deliverer),
        lambda: release_work.queue_copy(package, "Ali Veli", by=campus.deliverer),
        lambda: verifying.open_for_viewing(exhibit, "SHOW", by=campus.deliverer, note="Ali Veli"),
    ]
    for way in ways:
        with pytest.raises(Refused, match=r"12[.,]50"):
            way()
    offered = release_panel.package_context(package, campus.deliverer)
    assert (offered["may_hand_over"], offered["is_owed"], offered["may_give_up"]) == (
        False,
        True,
        True,
    )
    fees.waive(package.request, because="One page only", by=campus.head)
    assert ways[0]()


def test_a_sealed_package_stays_here_when_its_fee_lapses(campus: Campus) -> None:
    """What is sealed is not undone: it is given out to nobody, and ends as not collected."""
    package = unpaid(campus)
    row = package.request
    assert fees.lapse_due(timezone.now(), by="deadlines") == 0
    row.refresh_from_db()
    assert (row.status, row.stopped_until) == ("APPROVED", None)
    assert row.decisions.get().voided_at is None
    with pytest.raises(Refused):
        handing_over.hand_over(package, handed(), by=campus.deliverer)
    fees.pay(row, paid_on=today() - dt.timedelta(days=1), document="Dekont", by=campus.clerk)
    assert row.fees.owed() is None
    facts = {"place": "Oda", "note": "kimse almadı"}
    assert handing_over.record_not_collected(package, facts, by=campus.deliverer)


def test_board_and_pages_say_that_the_clock_stands_still() -> None:
    row = asked()
    head = rows.person("UNIT_HEAD")
    client = Client()
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/requests/{row.pk}/fee/"
    assert client.get(page).status_code == 200
    sent = {"amount": "8,00", "basis": "x", "pay_to": "y", "notified_on": today().isoformat()}
    assert client.post(page, sent | {"amount": "0"}).status_code == 422
    assert client.post(page, sent | {"amount": "8.00"}).status_code == 302

    (column,) = [one for one in board.columns(list(board.open_cases(FootageRequest.objects.all())))
                 if one["cards"]]  # fmt: skip
    assert column["key"] == "wait"
    row.refresh_from_db()
    due = f"{row.stopped_until:%d.%m.%Y}"
    for address in ("/requests/", f"/requests/{row.pk}/", f"/requests/{row.pk}/letters/"):
        assert due in client.get(address).content.decode(), address
    letter = client.get(f"/requests/{row.pk}/letters/").content.decode()
    assert "Erişim Ücreti Bildirimi" in letter
    assert "8,00 TL" in letter
    assert "vazgeçmiş sayılacaksınız" in letter

    paid = {"paid_on": today().isoformat(), "document": "Dekont 3"}
    assert client.post(f"/requests/{row.pk}/fee/paid/", paid).status_code == 302
    row.refresh_from_db()
    assert row.stopped_until is None
