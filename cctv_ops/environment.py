"""Every setting that comes from the environment, in one place: name, kind, default, meaning.

docs/settings.md is this table in words; a test keeps the two equal. A wrong value stops the start with
one sentence that names the setting (`WrongSetting`).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parent.parent


class WrongSetting(ImproperlyConfigured):
    """One sentence for the person who starts the system."""


def _text(value: str) -> str:
    return value.strip()


def _words(value: str) -> list[str]:
    return [word for word in value.replace(",", " ").split() if word]


def _yes_no(value: str) -> bool:
    word = value.strip().lower()
    if word in {"1", "yes", "true", "on"}:
        return True
    if word in {"0", "no", "false", "off", ""}:
        return False
    raise ValueError("write yes or no")


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def _not_negative(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _percent(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 100:
        raise ValueError("must be between 1 and 100")
    return number


def _share(value: str) -> float:
    number = float(value)
    if not 0 <= number <= 1:
        raise ValueError("must lie between 0 and 1")
    return number


def _time_of_day(value: str) -> tuple[int, int]:
    hour, _, minute = value.partition(":")
    if not (0 <= int(hour) < 24 and 0 <= int(minute or 0) < 60):
        raise ValueError("write a time of day such as 01:00")
    return int(hour), int(minute or 0)


def _hours(value: str) -> tuple[dt.time, dt.time]:
    begins, _, ends = value.partition("-")
    found = dt.time(*_time_of_day(begins.strip())), dt.time(*_time_of_day(ends.strip()))
    if found[0] >= found[1]:
        raise ValueError("write hours of one day such as 08:00-18:00")
    return found


def _web_address(value: str) -> str:
    address = value.strip()
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("write an address such as http://tsa.example.org/tsr")
    return address


def _networks(value: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(word, strict=True) for word in _words(value)]


def _addresses(value: str) -> list[str]:
    return [str(ipaddress.ip_address(word)) for word in _words(value)]


def _servers(value: str) -> list[str]:
    for word in _words(value):
        parts = urlsplit(f"//{word}" if word.count(":") < 2 or "]" in word else f"//[{word}]")
        # Reading the port raises ValueError where it is none.
        if not parts.hostname or parts.path or parts.username or parts.port == 0:
            raise ValueError("write hosts such as ntp1.example.org or 10.0.0.5:123")
    return _words(value)


def _broker(value: str) -> str:
    """Nothing of the value is repeated in the message: it may hold a password."""
    address = value.strip()
    try:
        parts = urlsplit(address)
        is_ours = bool(parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0)
    except ValueError:
        is_ours = False
    if address and not is_ours and not address.startswith("unix:///"):
        raise ValueError("write redis://:password@host:6379/0 or unix:///path/of/socket")
    return address


def _database(value: str) -> str:
    if value.strip():
        _database_of(value.strip())
    return value.strip()


def _profile(value: str) -> str:
    if value not in {"development", "production"}:
        raise ValueError("write development or production")
    return value


def _path(value: str) -> Path:
    return (PROJECT / Path(value).expanduser()).resolve()


def _scanner(value: str) -> str:
    parts = urlsplit(value.strip())
    if value.strip() and not (
        (parts.scheme == "unix" and parts.path.startswith("/"))
        or (parts.scheme == "tcp" and parts.hostname)
    ):
        raise ValueError("write unix:/path/of/socket or tcp://host:port")
    return value.strip()


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str
    demo: str | None = None
    """Its default while DEMO is on, where that differs."""


SETTINGS = (
    Setting(
        "CCTV_PROFILE",
        "development",
        _profile,
        "`production` refuses unsafe values; `development` is for one machine.",
    ),
    Setting(
        "UNIT_NAME",
        "Kamera İzleme Birimi",
        _text,
        "Name of the unit, shown on pages and papers.",
    ),
    Setting(
        "DATA_DIR",
        "var/site",
        _path,
        "Folder for everything that the system writes: database, keys, pictures, broker. Relative to the project.",
        demo="var/demo",
    ),
    Setting(
        "STATIC_ROOT",
        "",
        _text,
        "Folder of the collected static files. Empty: `DATA_DIR/static`.",
    ),
    Setting(
        "SECRET_KEY_FILE",
        "",
        _text,
        "File with Django's secret key, mode 0600. Empty: `DATA_DIR/keys/secret_key`.",
    ),
    Setting(
        "VAULT_KEY_FILE",
        "",
        _text,
        "File with the vault's keys, mode 0600, outside the database and its backups. Empty: `DATA_DIR/keys/vault_keys`.",
    ),
    Setting(
        "APPROVAL_VALID_DAYS",
        "30",
        _positive,
        "Days for which the approval of a footage request holds until the package is sealed.",
    ),
    Setting(
        "WORKING_HOURS",
        "08:00-18:00",
        _hours,
        "Working hours (TSİ). What is looked at outside them, at weekends or on holidays stands out in the access report.",
    ),
    Setting(
        "ACCESS_REPORT_CASES",
        "10",
        _positive,
        "More different cases than this, opened by one person on one day, stand out in the access report.",
    ),
    Setting(
        "URGENT_WARN_HOURS",
        "4",
        _positive,
        "Hours after which the unit head is reminded of a request that is due within a day (police).",
    ),
    Setting(
        "COPY_WARN_DAYS",
        "30",
        _positive,
        "Days before the last day of our own copy from which its destruction stands on Bugün.",
    ),
    Setting(
        "SMALL_UNIT_REVIEW_DAYS",
        "3",
        _positive,
        "Working days within which a superior reviews a case in which small-unit mode was used.",
    ),
    Setting(
        "COPY_KEPT_DAYS",
        "180",
        _positive,
        "Days after closing a request by which our own copy of released footage is destroyed.",
    ),
    Setting(
        "VERIFY_WATCH_PERCENT",
        "50",
        _percent,
        "Share of every exhibit's pictures, in percent, that the verifier must have played before a package may be sealed; beginnings, ends and the edges of gaps always.",
    ),
    Setting(
        "VERIFY_FASTEST",
        "8",
        _positive,
        "Playing faster than so many times does not count as watching.",
    ),
    Setting(
        "VERIFY_EXCEPTION_MINUTES",
        "60",
        _positive,
        "A package of so many minutes or more may be verified with a stated exception for what was not played.",
    ),
    Setting(
        "CHECK_MAX_GB",
        "4",
        _positive,
        "Largest upload to the page that checks packages, in GB.",
    ),
    Setting(
        "EVIDENCE_DIR",
        "",
        _text,
        "Folder of held footage and release packages, sealed file by file. Empty: `DATA_DIR/evidence`.",
    ),
    Setting(
        "EVIDENCE_RESERVE_GB",
        "20",
        _not_negative,
        "GB that holds and exports leave free on the disk of `EVIDENCE_DIR`.",
        demo="1",
    ),
    Setting(
        "HOLD_MARGIN_MINUTES",
        "10",
        _positive,
        "Minutes that are searched and held before and after the asked time.",
    ),
    Setting(
        "HOLD_UNKNOWN_CLOCK_MINUTES",
        "75",
        _positive,
        "Minutes more on each side where the recorder's clock was not measured.",
    ),
    Setting(
        "HOLD_CHANNELS",
        "8",
        _positive,
        "Most channels that one request holds by itself; above that an operator confirms.",
    ),
    Setting(
        "HOLD_CHANNEL_HOURS",
        "4",
        _positive,
        "Most channel-hours that one request holds by itself; above that an operator confirms.",
    ),
    Setting(
        "HOLD_CHANNEL_HOURS_PER_DAY",
        "24",
        _positive,
        "Most channel-hours a day that the requests of one person hold by themselves.",
    ),
    Setting(
        "HOLD_RELEASE_DAYS",
        "30",
        _positive,
        "Days after a refusal or withdrawal until held footage is released and destroyed.",
    ),
    Setting(
        "HOLD_KEEP_DAYS",
        "180",
        _positive,
        "Days after which a hold of an open request must be looked at again.",
    ),
    Setting(
        "HOLD_REVIEW_WARN_DAYS",
        "30",
        _positive,
        "Days before the day on which a hold must be looked at again from which it stands on Bugün.",
    ),
    Setting(
        "FETCHES_PER_RECORDER",
        "2",
        _positive,
        "Most holds and exports that fetch from one recorder at once.",
    ),
    Setting(
        "EVIDENCE_KEY_DIR",
        "",
        _text,
        "Folder of the key that seals release packages (`manage.py evidence_key make`). Empty: `DATA_DIR/keys/evidence`.",
    ),
    Setting(
        "TSA_URL",
        "",
        _web_address,
        "Time server (RFC 3161) that stamps the signature of each release package. Empty: no time stamp.",
    ),
    Setting(
        "TSA_CA_FILE",
        "",
        _text,
        "PEM file with the authority of that time server. Its stamps are checked with it, and receivers get it.",
    ),
    Setting(
        "SCANNER",
        "",
        _scanner,
        "Virus scanner (clamd) for papers of requests: `unix:/run/clamav/clamd.ctl` or `tcp://host:3310`. Papers stay locked until it has answered. Empty: not scanned, and the page says so.",
    ),
    Setting(
        "DATABASE_URL",
        "",
        _database,
        "`postgres://user:password@host:port/name` or `sqlite:///path`. Empty: SQLite in `DATA_DIR`.",
    ),
    Setting(
        "DATABASE_OWNER_URL",
        "",
        _database,
        "Role that owns the tables and runs migrations. Empty: the same as `DATABASE_URL`.",
    ),
    Setting(
        "DATABASE_SEALER_URL",
        "",
        _database,
        "Role of the audit sealer. Empty: the same as `DATABASE_URL`.",
    ),
    Setting(
        "REDIS_URL",
        "",
        _broker,
        "Broker, `redis://` or `unix://`. Empty: `bin/run` starts one in `DATA_DIR`.",
    ),
    Setting(
        "API_CALLS_PER_MINUTE",
        "600",
        _positive,
        "Most calls of the REST API a minute, per token or person.",
    ),
    Setting(
        "PORTAL_HOSTS",
        "",
        _words,
        "Host names to which webhooks may be sent. Empty: webhooks go nowhere.",
        demo="127.0.0.1 localhost",
    ),
    Setting(
        "PORTAL_NETWORKS",
        "",
        _networks,
        "Private networks in which those hosts may stand. Empty: public addresses only.",
        demo="127.0.0.0/8",
    ),
    Setting(
        "ALLOWED_HOSTS",
        "localhost 127.0.0.1 [::1]",
        _words,
        "Host names under which the pages are opened.",
    ),
    Setting(
        "HTTPS",
        "no",
        _yes_no,
        "Pages are served over TLS: secure cookies, HSTS. `production` needs yes.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        "",
        _addresses,
        "Addresses of reverse proxies whose X-Forwarded-For is believed.",
    ),
    Setting(
        "DEVICE_NETWORKS",
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
        _networks,
        "Networks in which devices may be entered and dialled; loopback and link-local only if written here.",
        demo="127.64.0.0/10",
    ),
    Setting(
        "NTP_SERVERS",
        "",
        _servers,
        "Time servers (host or host:port), at least two, that prove this server's clock. Empty: offsets are marked unverified.",
        demo="127.64.0.2:1123 127.64.0.3:1123",
    ),
    Setting("NIGHT_AT", "01:00", _time_of_day, "When the nightly check begins, Türkiye time."),
    Setting(
        "WATCH_AT",
        "06:00",
        _time_of_day,
        "When a night that has not finished counts as `did not run`, Türkiye time.",
    ),
    Setting(
        "NIGHT_JITTER_SECONDS",
        "120",
        _not_negative,
        "First visits of a night are spread over so many seconds, so that recorders and switches are not asked at once.",
        demo="0",
    ),
    Setting("CHECKS_PER_RECORDER", "2", _positive, "Most calls at once to one recorder."),
    Setting(
        "SITE_VISITS_PER_SECOND",
        "50",
        _positive,
        "Devices of one site at which visits begin per second, in all worker processes together; as many at once.",
    ),
    Setting(
        "RECORDER_SILENT_MINUTES",
        "0",
        _not_negative,
        "Minutes for which a recorder has to be silent until it is reported. 0: when the first check finds it so.",
    ),
    Setting(
        "RECORDER_RESTARTS_ALLOWED",
        "1",
        _not_negative,
        "Starts of a recorder within 24 hours that are no finding yet. A planned restart is one.",
    ),
    Setting(
        "VIEW_CHANGED_NIGHTS",
        "2",
        _positive,
        "Nights in a row on which a camera's picture is unlike its reference picture until that is a finding.",
    ),
    Setting(
        "DEVICES_AT_ONCE", "120", _positive, "Devices that one worker process talks to at once."
    ),
    Setting(
        "PROOF_SHARE",
        "0.05",
        _share,
        "Share of channels per night of which one random minute is played back and one frame decoded.",
    ),
    Setting(
        "DEVICE_DEADLINE_SECONDS",
        "12",
        _positive,
        "Total deadline of one call to a device, in seconds.",
    ),
    Setting(
        "DEMO",
        "no",
        _yes_no,
        "The simulated campus in a database of its own. `production` refuses it.",
    ),
    Setting(
        "EMAIL_URL",
        "",
        _text,
        "`smtp://user:password@host:port` for reminders. Empty: in-app lists only.",
    ),
)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All settings by name. Raises WrongSetting with the name, the value's fault and what to write."""
    demo = _value(next(setting for setting in SETTINGS if setting.name == "DEMO"), environ, False)
    return {setting.name: _value(setting, environ, demo) for setting in SETTINGS}


def _value(setting: Setting, environ: Mapping[str, str], demo: bool) -> Any:
    default = setting.demo if demo and setting.demo is not None else setting.default
    try:
        return setting.read(environ.get(setting.name, default))
    except ValueError as error:
        raise WrongSetting(f"{setting.name} is wrong: {error}. {setting.meaning}") from None


def database(url: str, *, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's database settings out of a URL (`postgres://` or `sqlite:///`)."""
    try:
        return _database_of(url)
    except ValueError as error:
        raise WrongSetting(f"{name} is wrong: {error}.") from None


def _database_of(url: str) -> dict[str, Any]:
    """As `database`. Nothing of the URL is repeated in the message of its ValueError."""
    wrong = "write postgres://user:password@host/name or sqlite:///path"
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme in {"sqlite", "sqlite3"}:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:] if parts.path.startswith("//") else parts.path),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                # Writers queue up instead of failing half-way; audit triggers also guard REPLACE.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                    "PRAGMA recursive_triggers=ON;PRAGMA foreign_keys=ON"
                ),
            },
        }
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", None) or parts.hostname or "",
            "PORT": port,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                # Compiling a query of a page took 260 of its 285 ms: nothing here is an analysis of hours.
                "options": "-c idle_in_transaction_session_timeout=60s -c lock_timeout=5s -c jit=off",
                **query,
            },
        }
    raise ValueError(wrong)


def refuse_unsafe(values: Mapping[str, Any], environ: Mapping[str, str], secret_key: str) -> None:
    """Stops a production start that would not be safe. Raises WrongSetting for the first fault found."""
    if values["DEMO"]:
        raise WrongSetting("DEMO is on: the production profile never opens a demo database.")
    if environ.get("DEBUG", "").strip().lower() in {"1", "yes", "true", "on"}:
        raise WrongSetting("DEBUG is on: the production profile shows no debug pages.")
    if len(secret_key) < 50 or secret_key.startswith("django-insecure") or len(set(secret_key)) < 5:
        raise WrongSetting(
            "SECRET_KEY_FILE holds a weak or default key: make a random one of 50 characters or more."
        )
    if not values["HTTPS"]:
        raise WrongSetting("HTTPS is off: the production profile serves pages over TLS only.")
    if "*" in values["ALLOWED_HOSTS"]:
        raise WrongSetting("ALLOWED_HOSTS is *: name the hosts under which the pages are opened.")
    if not values["REDIS_URL"]:
        raise WrongSetting(
            "REDIS_URL is empty: the production profile does not start a broker of its own."
        )
    for name, what in (("DEVICE_NETWORKS", "device networks"), ("PORTAL_NETWORKS", "its networks")):
        for network in values[name]:
            if network.is_loopback or network.is_link_local or network.prefixlen == 0:
                raise WrongSetting(
                    f"{name} contains {network}: loopback, link-local and `everything` are not {what}."
                )


if __name__ == "__main__" and sys.argv[1:] == ["names"]:
    sys.stdout.write("\n".join(setting.name for setting in SETTINGS) + "\n")
