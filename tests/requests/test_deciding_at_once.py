"""Two superiors press at the same moment: needs a server, SQLite has one writer."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from core.steps import InvalidTransition
from footage_requests.decisions import deciding
from footage_requests.errors import Refused
from footage_requests.models import Decision
from tests.inventory import rows


@pytest.mark.django_db(transaction=True)
def test_of_two_superiors_at_once_exactly_one_decides(campus):
    """B3, small: bin/bench has the 200 rounds."""
    other = rows.person("SUPERIOR")
    for _round in range(8):
        request = campus.submitted()
        choices = [
            (campus.choice(request), campus.superior),
            (campus.choice(request, "REFUSE", codes=[campus.code().code]), other),
        ]
        outcomes: list[object] = []
        gate = threading.Barrier(2)

        def act(request=request, outcomes=outcomes, gate=gate, choice=None, by=None):
            try:
                gate.wait(10)
                outcomes.append(deciding.decide(request, choice, by=by))
            except (InvalidTransition, Refused) as error:
                outcomes.append(error)
            finally:
                connection.close()

        threads = [
            threading.Thread(target=act, kwargs={"choice": choice, "by": by})
            for choice, by in choices
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sum(isinstance(outcome, Decision) for outcome in outcomes) == 1
        assert Decision.objects.filter(request=request).count() == 1
