"""Is it the right camera? What the pictures themselves say about the channel that they are said to be of (B19).

A recorder that plays another channel at the right time makes no technical mistake. Four things betray it: the
same coded pictures came for two channels, the pictures are coded otherwise than this channel's were before,
they show another scene than the camera is known to show, or the scene of another channel. The first is a fault where both would leave
together. Everything else is a doubt: the verifier answers it in so many words before anything is sealed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cameras.models import PlaybackProof
from cameras.visiting.proofs import format_words
from core.tsi import day_of, from_ms
from inventory.models import Channel, Position

from ..models import Exhibit, ExportSlice, HoldPart, Package
from ..models.holds import Part
from .part_claims import channel_of
from .right_scene import scene_of

BEFORE = dt.timedelta(days=30)
"""How far back footage of a channel tells how it is coded."""
_PICTURES = "key_pictures"


def twin_of(
    channel: Channel, starts_at: dt.datetime, ends_at: dt.datetime, delivered: Mapping[str, Any]
) -> Channel | None:
    """Another channel of the recorder for which the very same coded pictures came, at about that time."""
    mine = set(delivered.get(_PICTURES, ()))
    if not mine:
        return None
    for rows in _fetched_of(channel.recorder_id):
        others = rows.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
        for row in others:
            if channel_of(row).pk != channel.pk and mine & set(row.delivered.get(_PICTURES, ())):
                return channel_of(row)
    return None


def same_pictures(parts: Iterable[tuple[Channel, Mapping[str, Any]]]) -> str:
    """What to tell a person when one recorder gave the same pictures for two channels; '' when it did not."""
    seen: dict[int, tuple[Channel, set[str]]] = {}
    for channel, delivered in parts:
        seen.setdefault(channel.pk, (channel, set()))[1].update(delivered.get(_PICTURES, ()))
    for (one, its), (other, others) in combinations(seen.values(), 2):
        if one.recorder_id == other.recorder_id and its & others:
            return _(
                "%(recorder)s gave the same pictures for channels %(one)s and %(other)s: one of the two is "
                "not what was asked for. Cancel this export, have the recorder looked at, export again."
            ) % {"recorder": one.recorder, "one": one.number, "other": other.number}
    return ""


def doubts_about(
    channel: Channel,
    position: Position,
    sources: Sequence[Mapping[str, Any]],
    span: tuple[dt.datetime, dt.datetime],
    sketch: bytes,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The doubts about one exhibit, and with what else its pictures could be compared.

    `sources` are the `delivered` of its pieces, `sketch` is the decoder's of its first picture.
    """
    doubts: list[dict[str, Any]] = []
    for delivered in sources:
        twin = twin_of(channel, *span, delivered)
        if twin is not None:
            doubts.append({"code": "SAME_PICTURES", "channel": twin.number})
            break
    doubts += _other_format(channel, sources, span[0])
    scene, of_scene = scene_of(channel, position, span[0], sketch)
    return doubts + of_scene, scene


def doubts_in(exhibit: Exhibit) -> list[dict[str, Any]]:
    """The doubts about an exhibit; those about an original are about what was made of it as well."""
    return list((exhibit.parent or exhibit).facts.get("doubts", ()))


def check_of(doubt: Mapping[str, Any]) -> str:
    """The check by which a verifier answers a doubt: it is the right camera all the same."""
    return f"despite_{doubt['code'].lower()}"


def doubt_words(doubt: Mapping[str, Any]) -> str:
    """A doubt of an exhibit's `facts` as a sentence."""
    if doubt["code"] == "SAME_PICTURES":
        return _("The recorder also gave these very pictures for channel %(channel)s.") % doubt
    if doubt["code"] == "OTHER_FORMAT":
        return (
            _("The pictures are %(now)s; on %(day)s those of this channel were %(before)s.") % doubt
        )
    if doubt["code"] == "LOOKS_LIKE_ANOTHER":
        return _(
            "The picture looks more like that of channel %(channel)s than like that of this camera."
        ) % {"channel": doubt["channel"]}
    return _("The picture does not look like the reference picture of this camera.")


def recognised_by(exhibit: Exhibit) -> str:
    """The picture by which the camera was recognised; "" where only the recorder and the verifier say which it is."""
    scene = (exhibit.parent or exhibit).facts.get("scene") or {}
    return str(scene.get("recognised_by", ""))


def _other_format(
    channel: Channel, sources: Sequence[Mapping[str, Any]], starts_at: dt.datetime
) -> Iterator[dict[str, Any]]:
    """Coded otherwise than the nearest footage of this channel that was fetched or played on another occasion."""
    now = _format(sources[0])
    known = {_fetched_format(channel, sources, starts_at), _played_format(channel, starts_at)}
    for before, at in sorted(known):
        if now and before and before != now:
            day = f"{day_of(at):%d.%m.%Y}"
            yield {"code": "OTHER_FORMAT", "now": now, "before": before, "day": day}
            return


def _fetched_format(
    channel: Channel, sources: Sequence[Mapping[str, Any]], starts_at: dt.datetime
) -> tuple[str, dt.datetime]:
    """How the nearest footage of the channel was coded that was held or exported; '' where there is none."""
    known: list[tuple[dt.timedelta, Part]] = []
    for rows in _fetched_of(channel.recorder_id):
        near = rows.filter(starts_at__range=(starts_at - BEFORE, starts_at + BEFORE))
        known += [
            (abs(row.starts_at - starts_at), row)
            for row in near
            if channel_of(row).pk == channel.pk and row.delivered not in sources
        ]
    if not known:
        return "", starts_at
    nearest = min(known, key=lambda each: each[0])[1]
    return _format(nearest.delivered), from_ms(int(nearest.delivered["start_ms"]))


def _played_format(channel: Channel, starts_at: dt.datetime) -> tuple[str, dt.datetime]:
    """The same of the minutes that the night really played of the channel."""
    played = PlaybackProof.objects.filter(
        channel=channel, answer="YES", minute_at__range=(starts_at - BEFORE, starts_at + BEFORE)
    ).exclude(picture_format="")
    known = list(played.values_list("picture_format", "minute_at"))
    return min(known, key=lambda each: abs(each[1] - starts_at), default=("", starts_at))


def _format(delivered: Mapping[str, Any]) -> str:
    return format_words(
        delivered.get("codec", ""), delivered.get("width", 0), delivered.get("height", 0)
    )


def _fetched_of(recorder: int) -> tuple[QuerySet[Any], ...]:
    """What was fetched of a recorder: held pieces, and slices of exports that were not cancelled."""
    slices = ExportSlice.objects.filter(state=Part.State.DONE, channel__recorder=recorder)
    held = HoldPart.objects.filter(state=Part.State.DONE, hold__channel__recorder=recorder)
    return (
        slices.exclude(package__status=Package.Status.CANCELLED).select_related(
            "channel__recorder"
        ),
        held.filter(file__destroyed_at=None).select_related("hold__channel__recorder"),
    )
