"""The Celery application. Rows are the queue; messages carry primary keys and only wake work up."""

import gc
import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cctv_ops.settings")
# Django's checks load every page; whoever starts the workers has migrated, and so checked, before.
os.environ.setdefault("CELERY_SKIP_CHECKS", "yes")

from django.conf import settings

# Longer than the longest task: a healthy task must never be handed out a second time.
VISIBILITY_SECONDS = 900
TASK_SECONDS = 600

app = Celery("cctv_ops")


@worker_init.connect
def _load_before_forking(**_told: object) -> None:
    """What visits to devices need is loaded once, and shared by the worker's processes."""
    from cameras import scene  # noqa: F401 - loaded to be shared, as it loads NumPy
    from cameras.protocols import registry  # noqa: F401 - loaded to be shared
    from cameras.protocols.onvif.messages import warm_up
    from core.memory import give_back

    warm_up()
    # Frozen objects are not walked by the collector, so their pages stay shared.
    gc.collect()
    gc.freeze()
    give_back()


def _sweep(task: str, seconds: float) -> dict[str, Any]:
    # While all workers are busy for minutes, old calls to work need not pile up.
    return {"task": task, "schedule": seconds, "options": {"expires": 4 * seconds}}


def _schedule() -> dict[str, Any]:
    """Each of these is a sweep over rows: a lost message costs one interval and nothing else."""
    return {
        "start-due-runs": _sweep("cameras.tasks.start_due_runs", 30.0),
        "work-due-checks": _sweep("cameras.tasks.work_due_checks", 15.0),
        "finish-runs": _sweep("cameras.tasks.finish_runs", 15.0),
        "sweep-sheets": _sweep("cameras.tasks.sweep_sheets", 300.0),
        "work-surveys": _sweep("cameras.tasks.work_surveys", 20.0),
        "work-imports": _sweep("inventory.tasks.work_imports", 20.0),
        "fetch-footage": _sweep("footage_requests.hold_tasks.work_parts", 15.0),
        "sweep-holds": _sweep("footage_requests.hold_tasks.sweep_holds", 60.0),
        "mend-masks": _sweep("footage_requests.masking_tasks.mend_masked_copies", 120.0),
        "sweep-releases": _sweep("footage_requests.release_tasks.sweep_releases", 60.0),
        "close-viewings": _sweep("footage_requests.masking_tasks.close_viewings", 60.0),
        "expire-approvals": _sweep("footage_requests.masking_tasks.expire_approvals", 600.0),
        "sweep-requests": _sweep("footage_requests.request_tasks.sweep_requests", 300.0),
        "send-webhooks": _sweep("footage_requests.portal.tasks.send_webhooks", 20.0),
        "forget-portal": _sweep("footage_requests.portal.tasks.forget", 3600.0),
        "scan-papers": _sweep("footage_requests.request_tasks.scan_papers", 30.0),
        "recheck-store": _sweep("footage_requests.store_tasks.recheck_store", 1200.0),
        "ask-held-again": {
            "task": "footage_requests.hold_tasks.ask_again",
            "schedule": crontab(hour=7, minute=0),
        },
        "file-hold-week": {
            "task": "footage_requests.hold_tasks.file_hold_week",
            "schedule": crontab(hour=7, minute=30),
        },
        "verify-audit": {"task": "audit.tasks.verify_recent", "schedule": crontab(minute=20)},
    }


def _configuration() -> dict[str, Any]:
    """Asked at first use, not at import: settings modules import this package while they load."""
    return {
        "broker_url": settings.REDIS_URL.replace("unix://", "redis+socket://"),
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            # With kombu's defaults the work of a killed worker comes back minutes late.
            "unacked_restore_throttle": 1,
            "unacked_restore_interval": 10,
            "socket_keepalive": True,
            # Who sends does not wait for a broker that is away: the sweeps find the rows.
            "max_retries": 1,
            "interval_start": 0,
            "interval_max": 0.2,
        },
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_time_limit": TASK_SECONDS,
        "task_soft_time_limit": TASK_SECONDS - 30,
        "worker_soft_shutdown_timeout": 30,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "checks",
        # Footage has workers of its own: a hold must not wait for a night to end.
        "task_routes": {
            "footage_requests.hold_tasks.*": {"queue": "footage"},
            "footage_requests.masking_tasks.*": {"queue": "footage"},
            "footage_requests.release_tasks.*": {"queue": "footage"},
            "footage_requests.store_tasks.*": {"queue": "footage"},
        },
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "Europe/Istanbul",
        "beat_schedule_filename": str(settings.DATA_DIR / "beat-schedule"),
        "beat_schedule": _schedule(),
    }


app.add_defaults(_configuration)
app.autodiscover_tasks(["audit", "cameras", "inventory"])
for module in (
    "hold_tasks",
    "masking_tasks",
    "release_tasks",
    "request_tasks",
    "store_tasks",
    "portal.tasks",
):
    app.autodiscover_tasks(["footage_requests"], related_name=module)
