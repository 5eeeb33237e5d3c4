"""What the codes of traps mean that were met on a device: quirks of its manner, notes of an index answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

_WORDS = {
    "CALENDAR_DISAGREES": _(
        "its calendar shows recordings on a day on which its search finds none"
    ),
    "COUNT_NOT_REACHED": _("it announced more recordings than it gave"),
    "EMPTY_IS_ERROR": _("it answers an empty time with an error"),
    "PERHAPS_IN_UTC": _(
        "its newest recording ends now by UTC and not by its wall clock: it may write its list in UTC"
    ),
    "OLDEST_NOT_BELIEVED": _(
        "the oldest recording that it tells of is from before its clock was set"
    ),
    "OTHER_CHANNEL": _("it gave recordings of other channels as well; they were left out"),
    "PAGES_BY_TIME": _("its search knows no pages and was continued by time"),
    "SPAN_IGNORED": _("it gave recordings of other times as well; they were left out"),
    "STATUS_UNKNOWN": _("it did not say in known words how its search ended"),
    "UNREADABLE_ITEMS": _("some recordings of its list could not be read"),
    "bare-ampersands": _("its XML has bare ampersands"),
    "clock-from-http-date": _("its time was taken from the header of its reply"),
    "clock-needs-login": _("it wants a login even for its clock"),
    "cut-behind-the-answer": _(
        "it counts letters instead of bytes and cuts off the end of its XML"
    ),
    "dahua-items-count-channels-from-0": _("its file list counts channels from 0"),
    "dahua-pictures-count-channels-from-0": _("its still pictures count channels from 0"),
    "dahua-pictures-count-channels-from-1": _("its still pictures count channels from 1"),
    "dahua-search-takes-no-types": _("its file search refuses a filter for videos"),
    "dahua-searches-count-channels-from-0": _("its file search counts channels from 0"),
    "dahua-searches-count-channels-from-1": _("its file search counts channels from 1"),
    "end-of-recording-not-told": _("it did not tell when a recording ended"),
    "events-out-of-order": _("its events came out of order"),
    "events-without-recording": _("some of its events name no recording"),
    "filter-ignored": _("it ignored the filter of the search"),
    "http-malformed": _("its HTTP is not quite right and is read forgivingly"),
    "index-in-local-time": _("it seems to write local time as UTC in its list of recordings"),
    "isapi-index-in-utc": _("it writes its list of recordings in UTC"),
    "isapi-index-in-wall-clock": _("it writes its list of recordings in its wall clock"),
    "isapi-no-calendar": _("it has no calendar of recorded days"),
    "isapi-search-bare": _("its search reads only the short spelling"),
    "isapi-search-by-the-book": _("its search reads only the spelling of the documentation"),
    "isapi-search-usual": _("its search reads only the usual spelling"),
    "junk-around-xml": _("there is something around its XML"),
    "last-start-not-told": _(
        "it does not tell when it was started last; a power cut may go unseen"
    ),
    "legacy-charset": _("its texts are in another charset than it says"),
    "no-event-search": _("its search for events does not work"),
    "no-events": _("its search for events says nothing about this channel"),
    "onvif-refuses-this-login": _("ONVIF refuses this login"),
    "recording-per-clip": _("it makes a recording of every clip; they are put together here"),
    "replay-by-onvif": _("its own playback proves no time, so it is played over ONVIF"),
    "signed-in-true-time": _("it shows local time as UTC, but checks logins in true UTC"),
    "soap-1-1": _("it speaks the older SOAP 1.1 only"),
    "start-state-missing": _("it did not tell whether it recorded when the day began"),
    "track-not-named": _("some of its events do not name their track"),
    "tracks-of-unknown-type": _("it does not tell which of its tracks is video"),
    "undeclared-prefixes": _("its XML uses prefixes that it does not declare"),
    "unreadable-events": _("some of its events could not be read"),
    "unusable-address": _("an address that it gives cannot be used"),
    "usual-paths": _("it lists no services; the usual address was tried"),
    "utc-from-zone": _("its UTC was worked out from its wall clock and zone"),
    "wrong-charset": _("its XML names another charset than it is written in"),
    "zone-less-times": _("its times have no zone and were taken as UTC"),
}


def trap_words(code: str) -> str | None:
    """The words for a trap, None where it has none."""
    words = _WORDS.get(code)
    return None if words is None else str(words)
