"""What the parent and the media child tell each other. Apart, so that the parent loads no codec library."""

from __future__ import annotations

import struct

PICTURE = struct.Struct(">qBI")
"""A picture for the file: time in 1/90000 s, is key, size."""

SKETCH_WIDTH, SKETCH_HEIGHT = 64, 36
"""Of the small grey picture that the child adds to what it decodes, one byte a pixel, row by row."""
