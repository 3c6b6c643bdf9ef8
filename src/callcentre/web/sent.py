"""What a form says: its words, and the name that makes it happen once.

The name is made of the form's own key and of what it says: sent twice it is done once, but a text that was changed
before it was sent again is not lost for it.
"""

import hashlib
import re
from typing import Any, Final

from multidict import MultiMapping

from callcentre.web.site import new_key

LONGEST: Final = 2_000
_KEY: Final = re.compile(r"[A-Za-z0-9-]{8,40}").fullmatch
_MAY_BE_A_NUMBER: Final = re.compile(r"(?:[0-9]-*){7}").search

Form = MultiMapping[Any]


def text_of(form: Form, name: str) -> str:
    """The text of a field; empty if there is none."""
    value = form.get(name, "")
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


def key_of(form: Form) -> str:
    """The form's own key; a new one, if it has none. One in which a telephone number may stand is known by its hash.

    Keys are kept in histories and told to the PBX; any seven digits in a row may be a number, in one of ours by chance.
    """
    key = text_of(form, "key")
    if not _KEY(key):
        return new_key()
    return hashlib.sha256(key.encode()).hexdigest()[:40] if _MAY_BE_A_NUMBER(key) else key


def name_of(action: str, form: Form, who: str) -> str:
    """The name, for good, of what `who` asks with this form."""
    said = [f"{name}={value}" for name, value in sorted(form.items()) if isinstance(value, str) and name != "csrf"]
    told = "\n".join([action, who.casefold(), key_of(form), *said])
    return hashlib.sha256(told.encode()).hexdigest()[:40]
