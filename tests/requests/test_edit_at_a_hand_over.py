"""An edit of a case at the very moment at which its package is handed over: neither waits for the other for ever."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from footage_requests.casework import arriving, following
from footage_requests.errors import Refused
from footage_requests.models import HandOverRecord, Package
from footage_requests.release import handing_over
from tests.requests.test_handing_over import facts, sealed

LONG = 60.0
SHORT = 3.0


@pytest.mark.django_db(transaction=True)
def test_a_hand_over_goes_on_while_somebody_edits_the_case(campus):
    """The edit holds the case and then wants the package, the hand-over the other way round."""
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    package = sealed(campus)
    has_case, has_left = threading.Event(), threading.Event()
    told: list[Exception] = []

    def edit() -> None:
        try:
            with transaction.atomic():
                row = arriving.locked(package.request)
                has_case.set()
                if connection.features.has_select_for_update:
                    # A server lets the other go on meanwhile; with one writer it can only come afterwards.
                    has_left.wait(SHORT)
                following.content_changed(row, by=campus.clerk, because="another place")
        except (Refused, DatabaseError) as error:
            told.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=edit)
    thread.start()
    assert has_case.wait(LONG)
    record = handing_over.hand_over(package, facts(), by=campus.deliverer)
    has_left.set()
    thread.join(LONG)

    package.refresh_from_db()
    assert package.status == Package.Status.HANDED_OVER
    assert HandOverRecord.objects.get() == record
    assert [type(error) for error in told] == [Refused]
    assert package.request.decisions.get().voided_at is None
