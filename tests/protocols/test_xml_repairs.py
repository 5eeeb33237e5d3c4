"""XML that breaks its rules but has one meaning only is read; what could mean two things is not."""

from __future__ import annotations

import codecs

import pytest

from cameras.protocols import xml
from cameras.protocols.base import BadAnswer, Reason

_BODY = "<e:Envelope xmlns:e='urn:e'><Name>Kapı 3</Name><Uri>/snap</Uri></e:Envelope>"
_UTF16 = '<?xml version="1.0" encoding="utf-16"?>'


@pytest.mark.parametrize(
    ("body", "quirks"),
    [
        ((_UTF16 + _BODY).encode("utf-16-le"), []),
        ((_UTF16 + _BODY).encode("utf-16-be"), []),
        (codecs.BOM_UTF16_BE + (_UTF16 + _BODY).encode("utf-16-be"), []),
        ((_UTF16 + _BODY).encode(), [xml.WRONG_CHARSET]),
        (f'<?xml version="1.0" encoding="US-ASCII"?>{_BODY}'.encode(), [xml.WRONG_CHARSET]),
        (f'<?xml version="1.0" encoding="Unicode-8"?>{_BODY}'.encode(), [xml.WRONG_CHARSET]),
        (_BODY.replace(" xmlns:e='urn:e'", "").encode(), [xml.UNDECLARED_PREFIXES]),
        (_BODY.replace("<Name>", "<Name xsi:nil='0'>").encode(), [xml.UNDECLARED_PREFIXES]),
        (
            f'<?xml version="1.0" encoding="UTF-8"?>{_BODY}'.replace("/snap", "&nbsp;").encode(),
            [xml.BARE_AMPERSANDS],
        ),
    ],
)
def test_what_a_device_meant_is_read_and_noted(body: bytes, quirks: list[str]) -> None:
    """D8."""
    met: list[str] = []
    assert xml.text(xml.parse(body, met), "Name") == "Kapı 3"
    assert met == quirks


def test_an_address_with_bare_ampersands_is_read_whole() -> None:
    body = _BODY.replace("/snap", "/snap?user=1&ch=0&amp;q=&#x41;")
    assert xml.text(xml.parse(body.encode()), "Uri") == "/snap?user=1&ch=0&q=A"


_SOAP = "<e:Envelope xmlns:e='urn:e'><e:Body><x:GetResponse xmlns:x='urn:x'><x:Name>Kapı</x:Name>"
_SOAP_END = "</x:GetResponse></e:Body></e:Envelope>"


@pytest.mark.parametrize("missing", range(1, len("</e:Body></e:Envelope>") + 1))
def test_a_message_that_is_cut_behind_its_answer_is_read(missing: int) -> None:
    """Servers that count letters and not bytes cut off one byte for each Turkish letter."""
    met: list[str] = []
    root = xml.parse((_SOAP + _SOAP_END)[:-missing].encode(), met)
    assert xml.text(root, "Body/GetResponse/Name") == "Kapı"
    assert met == [xml.CUT_BEHIND_THE_ANSWER]


@pytest.mark.parametrize("missing", [len("</e:Body></e:Envelope>") + 1, len(_SOAP_END), 60])
def test_a_message_that_is_cut_in_its_answer_stays_broken(missing: int) -> None:
    """Another row may be missing."""
    with pytest.raises(BadAnswer):
        xml.parse((_SOAP + _SOAP_END)[:-missing].encode())


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_the_first_part_of_a_message_in_parts_is_the_document(newline: str) -> None:
    """A content id is written like an element, and a picture may follow as the second part."""
    lines = [
        "--uuid:1",
        "Content-Type: application/xop+xml; charset=utf-8",
        "Content-ID: <root@device>",
        "",
        f'<?xml version="1.0" encoding="UTF-8"?>{_BODY}',
        "--uuid:1",
        "Content-ID: <picture>",
        "",
        "\xff\xd8 <no xml>",
        "--uuid:1--",
    ]
    assert xml.text(xml.parse(newline.join(lines).encode("latin-1", "replace")), "Uri") == "/snap"


@pytest.mark.parametrize(
    "body",
    [
        _BODY.replace("<Name>", "<Name a='1' a='2'>"),
        _BODY.replace("<Name>", "<Name a=1>"),
        _BODY.replace("3", "&#0;"),
        _BODY.replace("</Name>", ""),
        _BODY[:-20],
        "<a:b><c></a:b>",
    ],
)
def test_what_may_mean_two_things_stays_broken(body: str) -> None:
    """Repairs never close a list, drop or choose anything: a half list must not look like a whole one."""
    with pytest.raises(BadAnswer) as caught:
        xml.parse(body.encode())
    assert caught.value.reason is Reason.BAD_XML


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_a_document_type_stays_forbidden_in_any_charset(charset: str) -> None:
    """D6."""
    body = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with pytest.raises(BadAnswer, match="document type"):
        xml.parse(body.encode(charset))


@pytest.mark.parametrize("fault", [b"\xfd", b"&x", b"<a:b/>"])
def test_megabytes_of_faults_are_not_mended(fault: bytes) -> None:
    """D7: mending them would keep every other device waiting."""
    with pytest.raises(BadAnswer) as caught:
        xml.parse(b"<r>" + fault * (3_900_000 // len(fault)) + b"</r>")
    assert caught.value.reason is Reason.BAD_XML
