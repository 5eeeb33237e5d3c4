"""XML from devices: parsed without DTD, entities, network or huge trees, searched by local name.

Namespaces and prefixes differ between makers and firmwares, so paths here are local names:
`text(root, "Body/GetDeviceInformationResponse/Model")`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from cameras.protocols.base import BadAnswer, Reason, TooLarge

XML_LIMIT = 4 * 1024 * 1024
TEXT_LIMIT = 1024
LEGACY_CHARSET = "legacy-charset"
JUNK_AROUND_XML = "junk-around-xml"
WRONG_CHARSET = "wrong-charset"
BARE_AMPERSANDS = "bare-ampersands"
CUT_BEHIND_THE_ANSWER = "cut-behind-the-answer"
UNDECLARED_PREFIXES = "undeclared-prefixes"

_MOST_ATTRIBUTES = 500
_HAS_TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*[count(@*) > {_MOST_ATTRIBUTES}])")


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


_PARSER = _parser()
_DECLARATION = re.compile(rb"^<\?xml[^>]{0,200}\?>")
_SAYS_UTF8 = re.compile(rb"utf-?8", re.IGNORECASE)
_WEB_PAGE = re.compile(rb"<(!doctype\s+)?html", re.IGNORECASE)
_FORBIDDEN = re.compile(rb"<!(doctype|entity)", re.IGNORECASE)
_WEB_PAGE_TOLD = "a web page instead of XML"
_UTF16_STARTS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
# A message in parts (SOAP with attachments): its first part is the document.
_PARTS = re.compile(rb"\s*(--[^\r\n]{1,200})\r?\n(?:[^\r\n]+\r?\n){0,20}\r?\n")
# Mending millions of faults would keep every other device waiting; honest replies are far smaller.
_REPAIR_LIMIT = 512 * 1024
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_ENVELOPE = re.compile(rb"<((?:[\w.-]{1,40}:)?Envelope)[\s>]")
_BODY = re.compile(rb"<((?:[\w.-]{1,40}:)?Body)[\s>]")
_ANSWER_END = re.compile(
    rb"</(?:[\w.-]{1,40}:)?\w{1,80}(?:Response|Fault)\s*>\Z|</(?:[\w.-]{1,40}:)?Body\s*>\Z"
)
_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_PREFIXES_ONLY = {etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE}


def _as_utf8(run: re.Match[bytes]) -> bytes:
    """Letters beyond ASCII: as they are where they are UTF-8, else read as Turkish Windows text.

    A name in another charset then looks odd, and nothing is lost.
    """
    try:
        run[0].decode("utf-8")
    except UnicodeDecodeError:
        return run[0].decode("cp1254", "replace").encode()
    return run[0]


def parse(body: bytes, quirks: list[str] | None = None) -> etree._Element:
    """The root element of a device's answer.

    What had to be worked round is appended to `quirks` (once each). Raises `BadAnswer` (BAD_XML)
    for everything that is not one well-formed document without DTD, `TooLarge` over the caps.
    """
    if len(body) > XML_LIMIT:
        raise TooLarge(f"more than {XML_LIMIT} bytes of XML")
    document = _one_document(body, quirks)
    try:
        root = etree.fromstring(document, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        if _WEB_PAGE.search(document, 0, 512):
            raise _bad(_WEB_PAGE_TOLD) from None
        root = _parse_repaired(document, quirks)
    if local_name(root).lower() == "html":
        raise _bad(_WEB_PAGE_TOLD)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _bad("a document type is not accepted")
    # Counting bytes is a hundred times faster than asking the tree, and nearly always enough.
    if document.count(b"=") > _MOST_ATTRIBUTES and _HAS_TOO_MANY_ATTRIBUTES(root):
        raise TooLarge("too many XML attributes")
    return root


def _bad(detail: str) -> BadAnswer:
    return BadAnswer(detail, reason=Reason.BAD_XML)


def _note(quirks: list[str] | None, quirk: str) -> None:
    if quirks is not None and quirk not in quirks:
        quirks.append(quirk)


def _one_document(body: bytes, quirks: list[str] | None) -> bytes:
    """The bytes from the first `<` to the last `>`, as UTF-8 or the charset that they declare."""
    utf16 = _UTF16_STARTS.get(body[:2])
    if utf16:
        try:
            body = body.decode(utf16).encode()
        except UnicodeDecodeError:
            raise _bad("not readable as UTF-16") from None
        body = _DECLARATION.sub(b"", body)
    body = _first_part(body)
    start, end = body.find(b"<"), body.rfind(b">") + 1
    if start < 0 or end <= start:
        raise _bad("no XML" if body.strip() else "an empty answer")
    document = body[start:end]
    if len(document) != len(body):
        around = body[:start].removeprefix(codecs.BOM_UTF8) + body[end:]
        # The beginning of an end is looked at later: see _closed.
        if around.strip(b"\0 \t\r\n") and not body[end:].lstrip().startswith(b"<"):
            _note(quirks, JUNK_AROUND_XML)
    if b"<!" in document and _FORBIDDEN.search(document):
        is_page = _WEB_PAGE.search(document, 0, 512)
        raise _bad(_WEB_PAGE_TOLD if is_page else "a document type is not accepted")
    return document


def _first_part(body: bytes) -> bytes:
    """The first part of a multipart message; the body itself when it is none."""
    head = _PARTS.match(body)
    return body[head.end() :].partition(b"\n" + head[1])[0] if head else body


def _parse_repaired(document: bytes, quirks: list[str] | None) -> etree._Element:
    """A second try for what has one meaning only, although it is no XML.

    That is: text in another charset than declared, a SOAP message whose last two ends are
    cut off, addresses with a bare `&`, and prefixes that are declared nowhere (names count here, not namespaces).
    """
    if len(document) > _REPAIR_LIMIT:
        raise _bad("broken XML")
    met: list[str] = []
    document = _mended(document, met)
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _bad("broken XML") from None
    faults = {fault.type for fault in parser.error_log}
    if root is None or not faults <= _PREFIXES_ONLY:
        raise _bad("broken XML")
    if faults:
        _drop_prefixes(root)
        met.append(UNDECLARED_PREFIXES)
    for quirk in met:
        _note(quirks, quirk)
    return root


def _mended(document: bytes, met: list[str]) -> bytes:
    """The bytes with everything repaired but undeclared prefixes; what was met is appended."""
    repaired = _BEYOND_ASCII.sub(_as_utf8, document)
    if repaired != document:
        document = repaired
        met.append(LEGACY_CHARSET)
    declared = _DECLARATION.match(document)
    if declared:
        document = document[declared.end() :]
        if not met and not _SAYS_UTF8.search(declared[0]):
            met.append(WRONG_CHARSET)
    closed = _closed(document)
    if closed != document:
        document = closed
        met.append(CUT_BEHIND_THE_ANSWER)
    if b"<![CDATA[" not in document and _AMPERSAND.search(document):
        document = _AMPERSAND.sub(b"&amp;", document)
        met.append(BARE_AMPERSANDS)
    return document


def _closed(document: bytes) -> bytes:
    """A SOAP message that was cut off behind its answer, with the ends of Body and Envelope put back.

    Servers that count letters and not bytes cut off as many bytes as there are letters beyond ASCII. Only behind
    the whole answer is it certain that nothing else is missing.
    """
    envelope, body = _ENVELOPE.search(document, 0, 8192), _BODY.search(document)
    end = _ANSWER_END.search(document, max(0, len(document) - 200))
    if envelope is None or body is None or end is None:
        return document
    is_in_body = not end[0].rstrip(b" \t\r\n>").endswith(b"Body")
    ends = (b"</" + body[1] + b">" if is_in_body else b"") + b"</" + envelope[1] + b">"
    return document + ends


def _drop_prefixes(root: etree._Element) -> None:
    """Names as if their prefixes had been declared."""
    for element in root.iter("*"):
        tag = str(element.tag)
        if ":" in tag and not tag.startswith("{"):
            element.tag = tag.rpartition(":")[2]


@lru_cache(maxsize=512)
def _any_namespace(path: str) -> str:
    return "/".join("{*}" + step for step in path.split("/"))


def find(element: etree._Element, path: str) -> etree._Element | None:
    """The first element at a path of local names below `element`."""
    return element.find(_any_namespace(path))


def find_all(element: etree._Element, path: str) -> list[etree._Element]:
    """All elements at a path of local names below `element`."""
    return element.findall(_any_namespace(path))


def descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All elements of this local name at any depth, `element` included, in document order."""
    return element.iter("{*}" + name)


def text(element: etree._Element | None, path: str = "", *, limit: int = TEXT_LIMIT) -> str:
    """The stripped text at a path, at most `limit` characters; blank when it is not there."""
    found = find(element, path) if path and element is not None else element
    if found is None or not found.text:
        return ""
    return found.text.strip()[:limit]


def local_name(element: etree._Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def as_bool(word: str) -> bool | None:
    """`true`/`false`/`1`/`0` in any case; None for anything else."""
    return {"true": True, "1": True, "false": False, "0": False}.get(word.strip().lower())
