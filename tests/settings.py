"""Settings of the tests: the product's own, with quick password hashing and loopback devices allowed."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="cctv-tests-"))
os.environ.setdefault("DEVICE_NETWORKS", "127.64.0.0/10 10.0.0.0/8")
os.environ["NIGHT_JITTER_SECONDS"] = "0"

from django.db.backends.signals import connection_created

from cctv_ops.settings import *  # noqa: F403
from tests.prepared import fill_new_sqlite

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
AXES_ENABLED = False
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing  # noqa: F405
# Test processes share a server, and each counts for itself.
CACHES["default"]["KEY_PREFIX"] = f"test-{os.getpid()}"  # noqa: F405
connection_created.connect(fill_new_sqlite)
