"""The answers of a check in words, in the reader's language. Details that only experts need stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_OWN = {
    "is_package": gettext_lazy("%(file)s is the sealed folder as it stands here, byte for byte."),
    "is_copy": gettext_lazy(
        "%(file)s is the encrypted copy that was made for %(recipient)s, byte for byte."
    ),
    "is_exhibit": gettext_lazy("%(file)s is exhibit %(exhibit)s as it was handed over."),
    "is_exported": gettext_lazy(
        "%(file)s is exhibit %(exhibit)s as it was exported, before it was sealed: such a file never leaves."
    ),
    "too_large": gettext_lazy("%(file)s holds too many files, or too large ones."),
    "needs_passphrase": gettext_lazy(
        "%(file)s is encrypted and is not byte for byte what was made here. Enter its passphrase to look inside."
    ),
    "wrong_passphrase": gettext_lazy("%(file)s does not open with this passphrase."),
    "no_package": gettext_lazy("%(file)s is not a release package."),
    "no_signature": gettext_lazy("The signature (manifest.json.p7s) was not brought."),
    "signature_holds": gettext_lazy("The signature over the manifest holds, by our authority."),
    "signature_fails": gettext_lazy("The signature over the manifest does not hold: %(why)s"),
    "in_manifest": gettext_lazy("%(file)s stands in the manifest as %(path)s, unchanged."),
    "not_in_manifest": gettext_lazy(
        "%(file)s is in no file of the manifest: changed, or not from it."
    ),
    "rest_not_brought": gettext_lazy("Files that were not brought were not looked at."),
    "seal_holds": gettext_lazy("The seal inside %(file)s holds, by our authority."),
    "seal_broken": gettext_lazy("%(file)s carries a seal that does not hold: it was changed."),
    "unknown": gettext_lazy("%(file)s is nothing that left here (SHA-256 %(sha256)s)."),
}
# What the verifier in the package says, by how its sentence begins.
_VERIFIER = (
    ("signature over the manifest", gettext_lazy("The signature over the manifest")),
    ("certificate of the signer", gettext_lazy("The certificate of the signer")),
    (
        "every file is there and unchanged, none was added",
        gettext_lazy("Every file is there and unchanged, none was added"),
    ),
    ("SHA256SUMS.txt", gettext_lazy("The list of hashes")),
    ("seal of ", gettext_lazy("The seal inside ")),
    ("entries of the audit log", gettext_lazy("The entries of the audit log")),
    ("time stamp of the signature", gettext_lazy("The time stamp of the signature")),
    ("no time stamp in this package", gettext_lazy("This package has no time stamp")),
    ("the time stamp could not be checked", gettext_lazy("The time stamp could not be checked")),
    ("the authority is the one on paper", gettext_lazy("The authority is ours")),
    ("UNKNOWN AUTHORITY", gettext_lazy("The authority is NOT ours")),
    ("whose authority", gettext_lazy("Our own authority is not known here")),
    ("made for: ", gettext_lazy("Made for: ")),
)
_DETAILS = (
    (" was changed", gettext_lazy(" was changed")),
    ("not part of the package: ", gettext_lazy("not part of the package: ")),
    ("missing: ", gettext_lazy("missing: ")),
    (" is missing", gettext_lazy(" is missing")),
    ("its seal does not hold", gettext_lazy("its seal does not hold")),
    ("manifest.json is not what was signed", gettext_lazy("manifest.json is not what was signed")),
)


def sentence(code: str, words: Mapping[str, str]) -> str:
    """One line of an answer."""
    if code != "verifier":
        return str(_OWN[code]) % words
    text = words["text"]
    for begins, told in _VERIFIER:
        if text.startswith(begins):
            # Of an unknown authority the certificate's own words add nothing.
            rest = "" if begins == "UNKNOWN AUTHORITY" else text[len(begins) :]
            return f"{told}{_detail(rest)}"
    return _("The verifier says: %(text)s") % {"text": text}


def _detail(text: str) -> str:
    for english, told in _DETAILS:
        text = text.replace(english, str(told))
    return text
