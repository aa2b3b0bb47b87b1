"""Names as they may stand in a document, whatever is in them."""

import re
import unicodedata

# What moves, hides or breaks the text around it, or is no text at all: a name that holds it can
# look like another one, and half a surrogate pair (a file name that is no UTF-8) cannot be
# written.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)


def legible(text: str) -> str:
    """The same text, with what cannot be seen, or deceives, as its number (see `number`)."""
    return _UNSEEN.sub(lambda found: number(found[0]), text)


def number(character: str) -> str:
    r"""A character by its number in Unicode, such as `\u30b9`."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def runs_from_the_left(character: str) -> bool:
    """Whether a letter can be set by itself, one after the other from the left.

    Not so in scripts that run from the right or in which letters change with their neighbours.
    """
    if unicodedata.bidirectional(character) in ("R", "AL", "AN", "RLE", "RLO", "RLI"):
        return False
    return not unicodedata.combining(character) and unicodedata.category(character) != "Mc"
