"""Turkish letters survive casing, are found however they are typed, and sort as in the alphabet."""

from __future__ import annotations

import pytest

from core.text import clean_label, fold, safe_file_name, sort_key, tr_lower, tr_upper


def test_upper_and_lower_case_keep_the_dot():
    assert tr_upper("ışık diyarı istanbul") == "IŞIK DİYARI İSTANBUL"
    assert tr_lower("IŞIK DİYARI İSTANBUL") == "ışık diyarı istanbul"
    assert tr_lower("I\u0307stanbul") == "istanbul"  # dot as a separate mark


@pytest.mark.parametrize("written", ["ışık", "IŞIK", "Işık", "isik", "ISIK", "  işik "])
def test_every_way_of_typing_finds_the_same_word(written):
    assert fold(written) == "isik"


@pytest.mark.parametrize("written", ["İstanbul", "istanbul", "ISTANBUL", "I\u0307STANBUL"])
def test_istanbul_is_found(written):
    assert fold(written) == "istanbul"


def test_marks_of_other_languages_are_folded_too():
    assert fold("Kâğıt Ångström") == "kagit angstrom"


def test_the_turkish_alphabet_orders_names():
    names = ["Zil", "Çam", "Cam", "İz", "Iz", "Öz", "Oz", "Şal", "Sal", "Ğ", "G", "Ü", "U"]
    assert sorted(names, key=sort_key) == [
        "Cam", "Çam", "G", "Ğ", "Iz", "İz", "Oz", "Öz", "Sal", "Şal", "U", "Ü", "Zil",
    ]  # fmt: skip


def test_numbers_in_names_order_as_numbers():
    names = ["K-10", "K-9", "K-100", "K-1"]
    assert sorted(names, key=sort_key) == ["K-1", "K-9", "K-10", "K-100"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Kapı 1", "Kapı 1"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x00", "[31mred"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("half \ud800 pair", "half pair"),
        ("<script>=cmd()", "<script>=cmd()"),
        ("", ""),
    ],
)
def test_names_told_by_devices_are_one_harmless_line(told, shown):
    """D20"""
    assert clean_label(told) == shown


def test_a_megabyte_as_a_name_is_cut():
    """D20"""
    assert len(clean_label("x" * 1_000_000)) == 120


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e", "a_b_c_d_e"),
        ("...", "_"),
        ("", "_"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("Işık 1.mp4", "Işık 1.mp4"),
    ],
)
def test_file_names_stay_in_their_folder(told, name):
    """D20"""
    assert safe_file_name(told) == name


def test_long_file_names_fit_a_file_system():
    assert len(safe_file_name("ğ" * 500).encode()) <= 100
