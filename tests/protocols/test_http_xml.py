"""XML of devices: hostile documents are refused, odd but harmless ones are read."""

from __future__ import annotations

import codecs

import pytest

from cameras.protocols import xml
from cameras.protocols.base import BadAnswer, DeviceError, Reason, TooLarge

BILLION_LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (98 + i, 97 + i, 97 + i) for i in range(20))
    + b"]><l>&u;</l>"
)


@pytest.mark.parametrize(
    "body",
    [
        BILLION_LAUGHS,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<!doctype a [<!ENTITY % p "x"> ]><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode(
            "utf-16"
        ),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4<a/>',
    ],
)
def test_document_types_and_entities_are_refused(body: bytes) -> None:
    """D6."""
    with pytest.raises(BadAnswer) as caught:
        xml.parse(body)
    assert caught.value.reason is Reason.BAD_XML


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 200_000 + b"</a>" * 200_000,
        b"<a " + b" ".join(b'x%d=""' % i for i in range(200_000)) + b"/>",
        b"<a>" + b"x" * 50_000_000 + b"</a>",
    ],
    ids=["deep", "attributes", "50 MB of text"],
)
def test_oversized_documents_are_refused(body: bytes) -> None:
    """D7."""
    with pytest.raises((BadAnswer, TooLarge)):
        xml.parse(body)


def test_many_attributes_under_the_size_cap_are_refused() -> None:
    """D7."""
    with pytest.raises(TooLarge):
        xml.parse(b"<a><b " + b" ".join(b'x%d=""' % i for i in range(600)) + b"/></a>")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \r\n",
        b"\0\0\0",
        b"<html><body>Login</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<a><b></a>",
        b"<a>cut of",
        b"<a>\0</a>",
        b"<a>\x01</a>",
        codecs.BOM_UTF16_LE + b"<\0a",
        b"OK",
        b"<a/><b/>",
    ],
)
def test_what_is_no_document_is_bad_xml(body: bytes) -> None:
    """D8: a device that answers so shows "answers, bad XML", never a crash."""
    with pytest.raises(BadAnswer) as caught:
        xml.parse(body)
    assert caught.value.reason is Reason.BAD_XML


def test_a_legacy_charset_declared_as_utf_8_still_gives_its_names() -> None:
    """D8: Turkish Windows bytes under a UTF-8 declaration."""
    quirks: list[str] = []
    body = '<?xml version="1.0" encoding="UTF-8"?><a><Name>Giriş kapısı</Name></a>'
    root = xml.parse(body.encode("cp1254"), quirks)
    assert xml.text(root, "Name") == "Giriş kapısı"
    assert quirks == [xml.LEGACY_CHARSET]


@pytest.mark.parametrize("charset", ["gbk", "tis-620", "cp1251"])
def test_any_legacy_charset_leaves_the_rest_readable(charset: str) -> None:
    """D8: the name looks odd, the figures are right."""
    name = {"gbk": "摄像机", "tis-620": "กล้อง", "cp1251": "Камера"}[charset]
    root = xml.parse(f"<a><Name>{name}</Name><Id>7</Id></a>".encode(charset))
    assert xml.text(root, "Id") == "7"
    assert xml.text(root, "Name")


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-9", "utf-8-sig"])
def test_a_charset_that_is_declared_is_honoured(charset: str) -> None:
    declared = charset.removesuffix("-sig")
    body = f'<?xml version="1.0" encoding="{declared}"?><a><Name>Çıkış</Name></a>'
    assert xml.text(xml.parse(body.encode(charset)), "Name") == "Çıkış"


@pytest.mark.parametrize(
    "body",
    [
        b'--b\r\nContent-Type: application/xop+xml\r\n\r\n<?xml version="1.0"?><a><b>1</b></a>\r\n--b--',
        b"junk\r\n<a><b>1</b></a>",
        b"<a><b>1</b></a>\0\0",
        b"\r\n<a><b>1</b></a>\n",
    ],
)
def test_junk_around_the_document_is_harmless(body: bytes) -> None:
    assert xml.text(xml.parse(body), "b") == "1"


def test_paths_ignore_namespaces() -> None:
    root = xml.parse(b'<a xmlns="urn:x"><b xmlns:p="urn:y"><p:c> TRUE </p:c></b></a>')
    assert xml.text(root, "b/c") == "TRUE"
    assert xml.as_bool(xml.text(root, "b/c")) is True
    assert xml.as_bool("maybe") is None
    assert xml.find(root, "b/d") is None
    assert [xml.local_name(e) for e in xml.descendants(root, "c")] == ["c"]


def test_a_text_is_cut_to_a_sensible_length() -> None:
    """D20: a megabyte of name."""
    root = xml.parse(b"<a><Name>" + b"x" * 1_000_000 + b"</Name></a>")
    assert len(xml.text(root, "Name")) == xml.TEXT_LIMIT


def test_random_bytes_never_raise_anything_else() -> None:
    """D8: cut at every place, flipped at every place."""
    whole = '<?xml version="1.0" encoding="UTF-8"?><a x="1"><b>ğ</b></a>'.encode()
    for place in range(len(whole)):
        for body in (whole[:place], whole[:place] + b"\xff" + whole[place + 1 :]):
            try:
                xml.parse(body)
            except DeviceError:
                continue
