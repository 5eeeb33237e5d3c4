"""What the parent and the media child tell each other. Apart, so that the parent loads no codec library."""

from __future__ import annotations

import struct

PICTURE = struct.Struct(">qBI")
"""A picture for the file: time in 1/90000 s, is key, size."""
