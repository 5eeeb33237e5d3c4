"""The settings of the task engine that decide whether work can be lost."""

from __future__ import annotations

from datetime import timedelta

from cameras.night import claims, plans, work
from cctv_ops import broker
from cctv_ops.celery import app


def test_a_message_is_acknowledged_only_after_its_work():
    """E1, E2: acknowledged early, the work of a killed worker would be gone."""
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert not app.conf.task_always_eager


def test_what_a_killed_worker_held_is_looked_for_all_the_time():
    """E3: with kombu's defaults it comes back a hundred seconds late."""
    options = app.conf.broker_transport_options
    assert options["unacked_restore_throttle"] == 1
    assert options["unacked_restore_interval"] <= 10


def test_healthy_work_is_never_handed_out_twice():
    """E4: a message stays invisible for longer than any task can last, and a batch ends before its limits."""
    visible_again = app.conf.broker_transport_options["visibility_timeout"]
    assert visible_again > app.conf.task_time_limit > app.conf.task_soft_time_limit
    assert app.conf.task_soft_time_limit >= work.BATCH_SECONDS + plans.RECORDER_SECONDS + 30
    assert timedelta(seconds=3 * claims.RENEW_SECONDS) < claims.LEASE


def test_nothing_is_put_off_for_longer_than_a_message_is_kept_back():
    """E4: an ETA beyond the visibility timeout would be delivered again and again. Rows have due times instead."""
    for entry in app.conf.beat_schedule.values():
        assert "countdown" not in entry.get("options", {})
        assert "eta" not in entry.get("options", {})


def test_messages_are_plain_json_without_arguments_in_logs():
    """Rows are the queue: a message carries no login and no code."""
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result


def test_our_own_broker_keeps_its_queue_on_disk(tmp_path):
    """E5."""
    command = " ".join(broker.command(tmp_path))
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert "--port 0" in command
