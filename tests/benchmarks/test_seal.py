"""The benchmark of sealing runs, small, beside the tools that everybody has."""

from __future__ import annotations

from tests.benchmarks.running import are_figures, last_line_of


def test_sealing_and_checking_are_measured_beside_sha256sum_openssl_and_7z() -> None:
    figures = last_line_of("seal", "--mib", "1", "--runs", "1")

    timed = ("seal", "check", "recipient", "sha256sum", "openssl_dgst", "openssl_aes", "7z")
    assert are_figures(figures, *(f"{name}_seconds_per_gib" for name in timed))
    assert are_figures(figures, "seal_mb", "check_mb", "gib")
