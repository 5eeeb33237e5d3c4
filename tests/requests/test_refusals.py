"""Who tries what is another person's to do is refused and written down, though nothing else came of it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Role
from audit.models import Entry
from footage_requests.casework import case_view
from footage_requests.errors import NotThisPerson
from footage_requests.exhibits import verifying
from footage_requests.models import Decision
from footage_requests.release import handing_over
from tests.inventory import rows
from tests.requests.case import exhibit_of, package_of
from tests.requests.test_handing_over import facts, sealed
from tests.sheets.rows import client_of

pytestmark = pytest.mark.django_db


def refused() -> list[Entry]:
    return list(Entry.objects.filter(action="access.refuse").order_by("pk"))


def test_who_decides_on_his_own_request_is_refused_and_stands_in_the_log(campus):
    """B1: by a call of the service, which undoes everything else."""
    filer = rows.person(Role.SUPERIOR, Role.OPERATOR)
    request = campus.submitted(filer=filer)
    with pytest.raises(NotThisPerson):
        campus.decide(request, by=filer)

    (entry,) = refused()
    assert (entry.actor_id, entry.object_id) == (str(filer.pk), str(request.uuid))
    assert '"tried":"decide"' in entry.canon
    assert entry.because
    assert not Decision.objects.exists()
    with translation.override("en"):
        told = case_view.history_of(request)[0]
    assert "another person's to do" in told["text"]
    assert told["because"] == entry.because


def test_a_part_that_is_anothers_stands_in_the_log_of_the_case(campus):
    """B2, B17: the exporter who verifies, the approver who looks or hands over."""
    package = package_of(campus, campus.decide(campus.submitted()))
    exhibit = exhibit_of(package, b"pictures" * 100)
    package.take("offer", by=campus.operator)
    for person in (campus.operator, campus.superior):
        with pytest.raises(NotThisPerson):
            verifying.open_for_viewing(exhibit, "VERIFY", by=person)
    other = sealed(campus)
    with pytest.raises(NotThisPerson):
        handing_over.hand_over(other, facts(), by=campus.superior)

    assert [entry.object_id for entry in refused()] == [
        str(package.request.uuid),
        str(package.request.uuid),
        str(other.request.uuid),
    ]


def test_what_a_page_refuses_is_written_down_once_and_looking_is_not(campus):
    """B1: by the page, before any service is asked."""
    package = package_of(campus, campus.decide(campus.submitted()))
    exhibit_of(package, b"pictures" * 100)
    package.take("offer", by=campus.operator)
    page = reverse("footage_requests:package_verify", args=[package.pk])
    client = client_of(campus.operator)

    assert client.get(page).status_code in {200, 403}
    assert refused() == []
    assert client.post(page, {}).status_code == 403
    (entry,) = refused()
    assert entry.actor_id == str(campus.operator.pk)
    assert client_of(rows.person(Role.WEB_EDITOR)).post(page, {}).status_code == 403
    assert len(refused()) == 1
