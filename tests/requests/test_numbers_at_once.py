"""Our numbers have no gap and no double, however many people file at the same moment."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from footage_requests.casework.numbers import next_number

PEOPLE, EACH = 6, 5


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_numbers_in_a_row():
    given: list[str] = []
    start = threading.Barrier(PEOPLE)

    def file() -> None:
        start.wait(timeout=240)
        try:
            for _number in range(EACH):
                while True:
                    try:
                        with transaction.atomic():
                            number = next_number("Z")
                        break
                    except OperationalError:  # SQLite in memory locks its tables
                        time.sleep(0.02)
                given.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=file) for _person in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)

    assert sorted(int(number[-5:]) for number in given) == list(range(1, PEOPLE * EACH + 1))
