"""A limit for what a browser may send: a body that is too large is refused before a byte of it is stored.

Without it Django would write whatever a stranger sends into a temporary file, before anybody asks who it is.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 32 * 1024 * 1024
"""The largest paper has 20 MB. The page that checks packages has a handler and a limit of its own."""


class BoundedUpload(FileUploadHandler):
    """Stands first among FILE_UPLOAD_HANDLERS; the others do the work."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > MOST_BYTES:
            raise RequestDataTooBig(f"A request has at most {MOST_BYTES // 1024**2} MB.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
