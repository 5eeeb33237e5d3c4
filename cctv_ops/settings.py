"""Django's settings. What differs between machines comes from cctv_ops.environment."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, SELF
from django.utils.translation import gettext_lazy as _

from . import environment, keys

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.read(os.environ)

PRODUCTION = ENV["CCTV_PROFILE"] == "production"
DEMO = ENV["DEMO"]
HTTPS = ENV["HTTPS"]
DATA_DIR: Path = ENV["DATA_DIR"]
DEBUG = False
UNIT_NAME = ENV["UNIT_NAME"]

SECRET_KEY_FILE = Path(ENV["SECRET_KEY_FILE"] or DATA_DIR / "keys" / "secret_key")
VAULT_KEY_FILE = Path(ENV["VAULT_KEY_FILE"] or DATA_DIR / "keys" / "vault_keys")
if not PRODUCTION:
    keys.ensure_secret_key(SECRET_KEY_FILE)
    keys.ensure_vault_keys(VAULT_KEY_FILE)
SECRET_KEY = keys.read_private(SECRET_KEY_FILE, setting="SECRET_KEY_FILE")
if PRODUCTION:
    environment.refuse_unsafe(ENV, os.environ, SECRET_KEY)
    keys.read_private(VAULT_KEY_FILE, setting="VAULT_KEY_FILE")

ALLOWED_HOSTS = ENV["ALLOWED_HOSTS"]
ROOT_URLCONF = "cctv_ops.urls"
WSGI_APPLICATION = "cctv_ops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Person"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "audit",
    "core",
    "accounts",
    "inventory",
    "vault",
    "cameras",
    "footage_requests",
    "control_room",
    "cctv_ops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageOfPersonMiddleware",
    "accounts.middleware.IdleLogoutMiddleware",
    "audit.middleware.AuditContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "cctv_ops.errors.with_words",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cctv_ops.context.page",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

# --- databases -----------------------------------------------------------------------------------
DATABASE_URL = (
    ENV["DATABASE_URL"] or f"sqlite:///{DATA_DIR / ('demo.sqlite3' if DEMO else 'cctv.sqlite3')}"
)
_is_owner = len(sys.argv) > 1 and sys.argv[1] in {"migrate", "sqlmigrate", "audit_roles"}
# Of everybody but the owner of the tables; `audit_roles` gives this role its rights.
APP_DATABASE = environment.database(DATABASE_URL)
DATABASES = {"default": APP_DATABASE}
if _is_owner and ENV["DATABASE_OWNER_URL"]:
    DATABASES["default"] = environment.database(
        ENV["DATABASE_OWNER_URL"], name="DATABASE_OWNER_URL"
    )
if ENV["DATABASE_SEALER_URL"]:
    DATABASES["sealer"] = environment.database(
        ENV["DATABASE_SEALER_URL"], name="DATABASE_SEALER_URL"
    )
    DATABASES["sealer"]["TEST"] = {"MIRROR": "default"}

# --- language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "tr"
LANGUAGES = [("tr", _("Turkish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Istanbul"  # UTC+3 all year; shown as TSİ
FORMAT_MODULE_PATH = ["cctv_ops.formats"]

# --- people --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
IDLE_LOGOUT_SECONDS = 15 * 60
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours: a right password is not locked out for ever
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"  # the field of the form and of authenticate(), not the column
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_HANDLER = "accounts.attempts.Attempts"
AXES_USERNAME_CALLABLE = "accounts.attempts.name_of"
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_CLIENT_IP_CALLABLE = "accounts.attempts.address_of"

# --- web -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(ENV["STATIC_ROOT"] or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "private"
APPROVAL_VALID_DAYS: int = ENV["APPROVAL_VALID_DAYS"]
WORKING_HOURS: tuple[dt.time, dt.time] = ENV["WORKING_HOURS"]
ACCESS_REPORT_CASES: int = ENV["ACCESS_REPORT_CASES"]
COPY_KEPT_DAYS: int = ENV["COPY_KEPT_DAYS"]
URGENT_WARN_HOURS: int = ENV["URGENT_WARN_HOURS"]
COPY_WARN_DAYS: int = ENV["COPY_WARN_DAYS"]
SMALL_UNIT_REVIEW_DAYS: int = ENV["SMALL_UNIT_REVIEW_DAYS"]
VERIFY_WATCH_PERCENT: int = ENV["VERIFY_WATCH_PERCENT"]
VERIFY_FASTEST: int = ENV["VERIFY_FASTEST"]
VERIFY_EXCEPTION_MINUTES: int = ENV["VERIFY_EXCEPTION_MINUTES"]
CHECK_MAX_GB: int = ENV["CHECK_MAX_GB"]
EVIDENCE_DIR = Path(ENV["EVIDENCE_DIR"] or DATA_DIR / "evidence")
EVIDENCE_RESERVE_GB: int = ENV["EVIDENCE_RESERVE_GB"]
SCANNER: str = ENV["SCANNER"]
HOLD_MARGIN_MINUTES: int = ENV["HOLD_MARGIN_MINUTES"]
HOLD_UNKNOWN_CLOCK_MINUTES: int = ENV["HOLD_UNKNOWN_CLOCK_MINUTES"]
HOLD_CHANNELS: int = ENV["HOLD_CHANNELS"]
HOLD_CHANNEL_HOURS: int = ENV["HOLD_CHANNEL_HOURS"]
HOLD_CHANNEL_HOURS_PER_DAY: int = ENV["HOLD_CHANNEL_HOURS_PER_DAY"]
HOLD_RELEASE_DAYS: int = ENV["HOLD_RELEASE_DAYS"]
HOLD_KEEP_DAYS: int = ENV["HOLD_KEEP_DAYS"]
HOLD_REVIEW_WARN_DAYS: int = ENV["HOLD_REVIEW_WARN_DAYS"]
FETCHES_PER_RECORDER: int = ENV["FETCHES_PER_RECORDER"]
EVIDENCE_KEY_DIR = Path(ENV["EVIDENCE_KEY_DIR"] or DATA_DIR / "keys" / "evidence")
if PRODUCTION and (EVIDENCE_KEY_DIR / "signer.key").exists():
    keys.read_private(EVIDENCE_KEY_DIR / "signer.key", setting="EVIDENCE_KEY_DIR")
TSA_URL: str = ENV["TSA_URL"]
TSA_CA_FILE: str = ENV["TSA_CA_FILE"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# A supervisor asks for health over plain loopback.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cctv_ops.errors.outdated"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if ENV["TRUSTED_PROXIES"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = [
    "core.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- background work -----------------------------------------------------------------------------
REDIS_URL = ENV["REDIS_URL"] or f"unix://{DATA_DIR / 'broker' / 'broker.sock'}"

# Counters that every process must see alike; without a broker there is one process.
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV["REDIS_URL"],
        "KEY_PREFIX": "cctv-cache",
        # A cache that hangs must not hold a page.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
    if ENV["REDIS_URL"]
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- REST API ------------------------------------------------------------------------------------
API_CALLS_PER_MINUTE = ENV["API_CALLS_PER_MINUTE"]
PORTAL_HOSTS: list[str] = ENV["PORTAL_HOSTS"]
PORTAL_NETWORKS = ENV["PORTAL_NETWORKS"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.TokenAuthentication",
        "accounts.api.SessionReading",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.MayCall"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.PerCaller"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "cctv_ops.api.answer_for",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "CCTV unit",
    "DESCRIPTION": "Inventory, coverage, findings, checks, and the university portal. "
    "The rules of all calls: docs/api.md and docs/portal.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": None,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "DeviceStatus": "inventory.models.Device.Status",
        "DeviceKind": "inventory.models.Device.Kind",
        "PositionStatus": "inventory.models.Position.Status",
        "RunStatus": "cameras.models.Run.Status",
        "RunKind": "cameras.models.Run.Kind",
        "FindingKind": "cameras.models.Finding.Kind",
        "SheetStatus": "cameras.models.DailySheet.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cctv_ops.api.document_answers",
        "core.api_links.document_links",
    ],
}

# --- devices -------------------------------------------------------------------------------------
DEVICE_NETWORKS = ENV["DEVICE_NETWORKS"]
NTP_SERVERS = ENV["NTP_SERVERS"]
NIGHT_AT = ENV["NIGHT_AT"]
WATCH_AT = ENV["WATCH_AT"]
NIGHT_JITTER_SECONDS = ENV["NIGHT_JITTER_SECONDS"]
CHECKS_PER_RECORDER = ENV["CHECKS_PER_RECORDER"]
SITE_VISITS_PER_SECOND = ENV["SITE_VISITS_PER_SECOND"]
RECORDER_SILENT_MINUTES = ENV["RECORDER_SILENT_MINUTES"]
RECORDER_RESTARTS_ALLOWED = ENV["RECORDER_RESTARTS_ALLOWED"]
VIEW_CHANGED_NIGHTS = ENV["VIEW_CHANGED_NIGHTS"]
DEVICES_AT_ONCE = ENV["DEVICES_AT_ONCE"]
PROOF_SHARE = ENV["PROOF_SHARE"]
DEVICE_DEADLINE_SECONDS = ENV["DEVICE_DEADLINE_SECONDS"]

# --- mail ----------------------------------------------------------------------------------------
if ENV["EMAIL_URL"]:
    _mail = urlsplit(ENV["EMAIL_URL"])
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
        unquote(_mail.username or ""),
        unquote(_mail.password or ""),
    )
    EMAIL_USE_TLS, EMAIL_TIMEOUT = True, 15
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "cctv_ops.log_lines.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # zeep logs whole envelopes at DEBUG, and they carry the login.
        "zeep": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # A worker of it writes the whole address of a request that failed.
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
    },
}
