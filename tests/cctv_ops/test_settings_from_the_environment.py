"""Settings: wrong values stop the start with one sentence, production refuses unsafe ones (F18)."""

import subprocess
import sys
from pathlib import Path

import pytest

from cctv_ops import environment
from tests.production_check import production_environment

ROOT = Path(__file__).resolve().parents[2]


def start(env):
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_every_setting_is_documented_in_one_place():
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = [
        f"| `{s.name}` | `{s.default or ' '}` | {' ' if s.demo is None else f'`{s.demo}`'} | {s.meaning} |"
        for s in environment.SETTINGS
    ]

    assert [row for row in rows if row not in text] == []
    assert text.count("\n| `") == len(rows)


def test_the_example_environment_names_every_setting_and_no_other():
    names = {
        line.lstrip("# ").partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line and line.lstrip("# ").partition("=")[0].isupper()
    }

    assert names == {setting.name for setting in environment.SETTINGS}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROOF_SHARE", "2"),
        ("NIGHT_AT", "25:00"),
        ("DEVICE_NETWORKS", "10.0.0.1/8"),
        ("CCTV_PROFILE", "prod"),
        ("DEVICES_AT_ONCE", "0"),
        ("DEMO", "perhaps"),
        ("APPROVAL_VALID_DAYS", "-1"),
        ("COPY_KEPT_DAYS", "0"),
        ("EVIDENCE_RESERVE_GB", "-1"),
        ("NIGHT_JITTER_SECONDS", "-1"),
        ("NTP_SERVERS", "ntp1 ntp2:banana"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("REDIS_URL", "http://:CANARY@h"),
        ("REDIS_URL", "redis://:CANARY@h:banana/0"),
        ("REDIS_URL", "/CANARY/sock"),
        ("DATABASE_URL", "mysql://u:CANARY@h/x"),
        ("DATABASE_URL", "postgres://u:CANARY@h:99999/x"),
        ("DATABASE_URL", "postgres://u:CANARY@[::1/x"),
        ("DATABASE_URL", "postgres://u:CANARY@h/"),
        ("DATABASE_OWNER_URL", "sqlite"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(name, value):
    with pytest.raises(environment.WrongSetting, match=f"^{name} is wrong: ") as caught:
        environment.read({name: value})
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NTP_SERVERS", "ntp1.example.org 10.0.0.5:123 fe80::1 [fe80::1]:123"),
        ("TRUSTED_PROXIES", "10.0.0.5, ::1"),
        ("REDIS_URL", "redis://:p%40ss@h:6379/0"),
        ("REDIS_URL", "rediss://h"),
        ("REDIS_URL", "unix:///run/redis/redis.sock?db=1"),
        ("DATABASE_URL", "postgres:///cctv?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://u:p%40ss@h:5433/x"),
        ("DATABASE_URL", "sqlite:////var/lib/x.sqlite3"),
    ],
)
def test_addresses_in_their_usual_forms_are_taken(name, value):
    environment.read({name: value})


def test_the_demo_has_defaults_of_its_own_that_can_be_overridden():
    demo = environment.read({"DEMO": "yes", "NIGHT_JITTER_SECONDS": "5"})

    assert demo["DATA_DIR"] == ROOT / "var" / "demo"
    assert len(demo["NTP_SERVERS"]) == 2
    assert demo["NIGHT_JITTER_SECONDS"] == 5
    assert environment.read({})["DATA_DIR"] == ROOT / "var" / "site"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"NIGHT_AT": "late"}, "NIGHT_AT is wrong"),
        ({"SECRET_KEY_FILE": "/proc"}, "/proc (SECRET_KEY_FILE) can be read by others"),
        ({"SECRET_KEY_FILE": "/dev/null/key"}, "SECRET_KEY_FILE names /dev/null/key"),
        ({"CCTV_PROFILE": "development", "SECRET_KEY_FILE": "", "DATA_DIR": "/proc/x"}, "/proc/x"),
    ],
)
def test_a_wrong_value_stops_the_start_without_a_traceback(tmp_path, more, sentence):
    done = start({**production_environment(tmp_path), **more})

    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot start: {sentence}")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"DEMO": "yes"}, "DEMO"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"HTTPS": "no"}, "HTTPS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"DEVICE_NETWORKS": "127.0.0.0/8"}, "DEVICE_NETWORKS"),
        ({"SECRET_KEY_FILE": "/nonexistent/key"}, "SECRET_KEY_FILE"),
    ],
)
def test_the_production_profile_refuses_unsafe_values(tmp_path, change, word):
    """F18."""
    done = start({**production_environment(tmp_path), **change})

    assert done.returncode == 1
    assert done.stderr.startswith("Cannot start: ")
    assert word in done.stderr


@pytest.mark.parametrize("name", ["secret_key", "vault_keys"])
def test_a_key_file_that_others_can_read_stops_the_start(tmp_path, name):
    """F18."""
    env = production_environment(tmp_path)
    (tmp_path / name).chmod(0o644)

    done = start(env)

    assert done.returncode == 1
    assert "can be read by others" in done.stderr


def test_an_evidence_key_that_others_can_read_stops_the_start(tmp_path):
    """F18."""
    env = production_environment(tmp_path)
    key = tmp_path / "keys" / "evidence" / "signer.key"
    key.parent.mkdir(parents=True)
    key.write_text("key")
    key.chmod(0o440)

    assert "can be read by others" in start(env).stderr


def test_a_weak_secret_key_stops_the_start(tmp_path):
    """F18."""
    env = production_environment(tmp_path)
    (tmp_path / "secret_key").write_text("django-insecure-" + "a" * 60)

    assert "weak or default key" in start(env).stderr


def test_database_urls_of_both_engines_are_read():
    postgres = environment.database("postgres://who:p%40ss@db:5433/cctv")
    sqlite = environment.database("sqlite:////var/lib/cctv.sqlite3")

    assert (postgres["PASSWORD"], postgres["PORT"], postgres["NAME"]) == ("p@ss", "5433", "cctv")
    assert sqlite["NAME"] == "/var/lib/cctv.sqlite3"
    assert sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    with pytest.raises(environment.WrongSetting):
        environment.database("mysql://x/y")
