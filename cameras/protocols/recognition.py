"""What a device gives away before any login: which protocols answer, whose make it is, who it is.

Nothing here sends a login. It decides where the few login tries go, and whether they may go there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    DeviceError,
    Identity,
    NotSupported,
    Reason,
    TooLarge,
    Untrusted,
)
from cameras.protocols.dahua.cgi import raise_for_refusal
from cameras.protocols.dahua.messages import read_table
from cameras.protocols.digest import Challenge, best_digest, parse_challenges
from cameras.protocols.http import Conversation, Reply
from cameras.protocols.isapi.documents import read_identity
from cameras.protocols.isapi.replies import read_document
from cameras.protocols.onvif import identity as onvif_identity
from cameras.protocols.onvif.elsewhere import speaks_onvif_after_all
from cameras.protocols.onvif.faults import NotAuthorized
from cameras.protocols.onvif.soap import SoapConversation
from cameras.protocols.xml import find_all, text

ISAPI_WORDS = re.compile(r"hikvision|hiwatch|hilook|\blts\b|\bi?ds-\d", re.IGNORECASE)
DAHUA_WORDS = re.compile(r"dahua|amcrest|lorex|imou|intelbras|empiretech|\bdhi?-", re.IGNORECASE)
_ISAPI_SERVERS = re.compile(r"app-webs|dnvrs-webs|dvrdvs-webs|hikvision", re.IGNORECASE)
_DAHUA_REALM = re.compile(r"^login to ", re.IGNORECASE)
_NOT_A_SERIAL = re.compile(r"(.)\1*|0*123456789?0?|none|null|unknown|n/?a|default", re.IGNORECASE)
_SHORTEST_SERIAL_PART = 6
_SERIAL_SCOPES = ("serial", "serialnumber", "sn")
_MAC_SCOPES = ("mac", "macaddress", "macaddr")

# Not there, or not fit to be used: another protocol may still serve the device.
# Web pages of cameras send unknown paths to their start page, which is why a redirect may be one.
_NOT_HERE = (NotSupported, BadAnswer, TooLarge, Busy, Untrusted)


@dataclass
class Hints:
    """What was learnt. `sure` and `possible` are vendor protocols, the likelier first."""

    has_onvif: bool = False
    answers_onvif: bool = False
    """It answered in ONVIF, and did not merely ask for a login at ONVIF's address."""
    sure: list[str] = field(default_factory=list)
    possible: list[str] = field(default_factory=list)
    told: list[Identity] = field(default_factory=list)
    reasons: dict[str, DeviceError] = field(default_factory=dict)
    realms: dict[str, str] = field(default_factory=dict)
    """In which realm each vendor protocol's page asks for a login."""

    def still_speaks(self, protocol: str, realm: str) -> bool:
        """Whether this is what a device of that protocol shows that was let in in this realm ("" = not known)."""
        if protocol == "onvif":
            return self.has_onvif
        asked_in = self.realms.get(protocol)
        if realm and asked_in is not None:
            return asked_in == realm
        return protocol in self.sure or protocol in self.possible


def vendor_protocol(identity: Identity) -> str:
    """The vendor protocol of a make, also under other labels; blank for the rest."""
    words = f"{identity.maker} {identity.model} {identity.name}"
    if ISAPI_WORDS.search(words):
        return "isapi"
    return "dahua" if DAHUA_WORDS.search(words) else ""


VENDOR_PAGES = {
    "isapi": "/ISAPI/System/deviceInfo",
    "dahua": "/cgi-bin/magicBox.cgi?action=getDeviceType",
}


async def recognise(onvif: SoapConversation, vendor: Conversation) -> Hints:
    """Asks each protocol one or two things without login.

    Raises what concerns the whole device: Unreachable, TooSlow, LockedOut, Untrusted; and Busy when
    nothing else came back that could be used.
    """
    hints = Hints()
    await _try_onvif(onvif, hints)
    for protocol in VENDOR_PAGES:
        await _try_vendor(vendor, protocol, hints)
    if not hints.sure:
        await _try_elsewhere(onvif, hints)
    if not (hints.has_onvif or hints.sure or hints.possible):
        for reason in hints.reasons.values():
            if isinstance(reason, Busy):
                raise reason
    return hints


async def told_by_onvif(onvif: SoapConversation) -> Hints:
    """What a device known to speak ONVIF shows without login."""
    hints = Hints()
    await _try_onvif(onvif, hints)
    await _try_elsewhere(onvif, hints)
    return hints


async def told_by_vendor(vendor: Conversation, protocol: str) -> Hints:
    """What a device known to speak this vendor protocol shows without login."""
    hints = Hints()
    await _try_vendor(vendor, protocol, hints)
    return hints


async def _try_vendor(vendor: Conversation, protocol: str, hints: Hints) -> None:
    try:
        reply = await vendor.call("GET", VENDOR_PAGES[protocol], authenticate=False)
    except _NOT_HERE as error:
        hints.reasons[protocol] = _unless_elsewhere(error)
        return
    _take_reply(hints, protocol, reply)


def refuse_another_realm(hints: Hints, protocol: str, realm: str, expect: Identity) -> None:
    """Raises Untrusted (WRONG_DEVICE) when a device that names its serial in its realm names another one."""
    asked_in = hints.realms.get(protocol)
    serial = _letters(expect.serial)
    if asked_in is None or not realm or not _is_serial(serial) or serial not in _letters(realm):
        return
    same_words = _letters(realm).replace(serial, "")
    if serial not in _letters(asked_in) and _letters(asked_in).startswith(same_words):
        raise Untrusted("another device asks for the login here", reason=Reason.WRONG_DEVICE)


def refuse_another_device(hints: Hints, expect: Identity | None) -> None:
    """Raises Untrusted (WRONG_DEVICE) when the device itself says that it is another one (D18)."""
    for told in hints.told:
        if expect is not None and is_same_device(expect, told) is False:
            raise Untrusted("another device answers at this address", reason=Reason.WRONG_DEVICE)


def refuse_another_make(hints: Hints, expect: Identity) -> None:
    """Raises Untrusted (WRONG_DEVICE) when the page is surely of another make than the inventory says."""
    make = _make_of(expect)
    if make and hints.sure and make not in hints.sure:
        raise Untrusted("a device of another make answers here", reason=Reason.WRONG_DEVICE)


def fits_first_contact(protocol: str, hints: Hints, expect: Identity) -> bool:
    """Whether a login may go out over `protocol` to a device that was never let in (D18).

    It must show itself as what it is taken for, or the inventory must name that make. A page that merely asks
    for a login may be a printer's. Where the inventory names no make, the login was entered for whatever is there.
    """
    if protocol == "onvif":
        return hints.answers_onvif or not expect.maker
    return protocol in hints.sure or not expect.maker or _make_of(expect) == protocol


def _make_of(expect: Identity) -> str:
    return vendor_protocol(Identity(maker=expect.maker))


def is_same_device(expect: Identity, told: Identity) -> bool | None:
    """By serial, then by MAC; None when there is nothing to compare.

    The same device tells its serial with and without the model in front, depending on the protocol.
    """
    a, b = _letters(expect.serial), _letters(told.serial)
    macs = bool(set(expect.macs) & set(told.macs))
    if _is_serial(a) and _is_serial(b):
        short, long = sorted((a, b), key=len)
        is_part = len(short) >= _SHORTEST_SERIAL_PART and short in long
        return short == long or is_part or macs
    if expect.macs and told.macs:
        return macs
    return None


def _letters(written: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", written.upper())


def _is_serial(serial: str) -> bool:
    return bool(serial) and not _NOT_A_SERIAL.fullmatch(serial)


async def _try_onvif(onvif: SoapConversation, hints: Hints) -> None:
    try:
        answer = await onvif.call_bare("device", "GetSystemDateAndTime")
    except NotAuthorized as wanted:
        # Some devices want a login even for the time, and say so in ONVIF's words; a web server without
        # ONVIF asks for one as well.
        hints.has_onvif = True
        hints.answers_onvif = not (wanted.offers_digest or wanted.offers_basic)
        return
    except _NOT_HERE as error:
        hints.reasons["onvif"] = _unless_elsewhere(error)
        return
    hints.has_onvif = hints.answers_onvif = True
    onvif.take_offset(answer)
    await _take_scopes(onvif, hints)


async def _try_elsewhere(onvif: SoapConversation, hints: Hints) -> None:
    if not hints.has_onvif and await speaks_onvif_after_all(onvif):
        hints.has_onvif = hints.answers_onvif = True
        hints.reasons.pop("onvif", None)
        await _take_scopes(onvif, hints)


async def _take_scopes(onvif: SoapConversation, hints: Hints) -> None:
    try:
        answer = await onvif.call_bare("device", "GetScopes")
    except (*_NOT_HERE, NotAuthorized):
        return
    scopes = [text(scope, "ScopeItem") for scope in find_all(answer.content, "Scopes")]

    def first(*kinds: str) -> str:
        found = [v for kind in kinds for v in onvif_identity.scope_values(scopes, kind)]
        return found[0] if found else ""

    mac = onvif_identity.mac_address(first(*_MAC_SCOPES))
    told = Identity(
        maker=first("manufacturer", "mfr"),
        model=first("hardware"),
        serial=first(*_SERIAL_SCOPES),
        macs=(mac,) if mac else (),
        name=first("name"),
    )
    hints.told.append(told)
    vendor = vendor_protocol(told)
    if vendor:
        hints.sure.append(vendor)


def _unless_elsewhere(error: DeviceError) -> DeviceError:
    """The error itself; raises it where it is about trust and not a mere redirect."""
    if isinstance(error, Untrusted) and error.reason is not Reason.REDIRECTED:
        raise error
    return error


def _take_reply(hints: Hints, protocol: str, reply: Reply) -> None:
    if reply.status == 401:
        hints.realms[protocol] = _first_realm(reply)
        if _is_of_this_make(protocol, reply):
            hints.sure = [protocol, *(known for known in hints.sure if known != protocol)]
        else:
            hints.possible.append(protocol)
        return
    try:
        told = _read_open(protocol, reply)
    except DeviceError as error:
        hints.reasons[protocol] = error
        return
    hints.sure = [protocol, *(known for known in hints.sure if known != protocol)]
    hints.told.append(told)


def _is_of_this_make(protocol: str, reply: Reply) -> bool:
    realms = _realms(reply)
    if protocol == "isapi":
        server = reply.headers.get("Server", "")
        return bool(ISAPI_WORDS.search(realms) or _ISAPI_SERVERS.search(server))
    return bool(_DAHUA_REALM.search(realms) or DAHUA_WORDS.search(realms))


def _read_open(protocol: str, reply: Reply) -> Identity:
    """A device that tells who it is without a login. Raises what its answer says otherwise."""
    if reply.status == 404:
        raise NotSupported("nothing there (HTTP 404)")
    if protocol == "isapi":
        return read_identity(read_document(reply))
    raise_for_refusal(reply.status, reply.body)
    model = read_table(reply.body).get("type")
    if model is None:
        raise BadAnswer("not an answer of this make")
    return Identity(model=model)


def _realms(reply: Reply) -> str:
    return " ".join(challenge.realm for challenge in _challenges(reply))


def _first_realm(reply: Reply) -> str:
    """The realm in which a login would be answered."""
    digest = best_digest(_challenges(reply))
    return digest.realm if digest is not None else ""


def _challenges(reply: Reply) -> list[Challenge]:
    every = getattr(reply.headers, "getall", lambda name, default: default)
    return parse_challenges(every("WWW-Authenticate", []))
