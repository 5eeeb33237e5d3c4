"""The WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cctv_ops.settings")
application = get_wsgi_application()

# What is loaded now stays for good. Frozen, it is not walked again by the collector in the middle of a
# page: that took as long as a large page itself. The addresses bring the views and forms with them.
get_resolver().url_patterns  # noqa: B018 - loads them
gc.collect()
gc.freeze()
