"""Text without secrets: a value that is known to be one is taken out wherever it stands.

The second line of defence for what leaves this machine. The names of keys tell most secrets; but their values
can also turn up in a log line, in a finding or in the text of an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from bridge.core.jsonform import Json

HIDDEN = "***"
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)",
    re.DOTALL,
)
"""A PEM private key, whole or cut off, also with its line ends escaped."""
_SHORT_CHARS = 6
"""A shorter secret is only hidden where it stands as a word of its own: ``a`` is part of everything."""
_NEVER = frozenset({"", HIDDEN})


class Scrubber:
    """Takes known secrets, and any PEM private key, out of texts.

    Args:
        secrets: passwords, tokens, lines of key files.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)} - _NEVER
        # The longest first: one secret can be the beginning of another.
        alternatives = [_pattern(form) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._known = re.compile("|".join(alternatives)) if alternatives else None

    def text(self, text: str) -> str:
        """`text` with ``***`` for each secret in it."""
        without_keys = _PRIVATE_KEY.sub(HIDDEN, text)
        return without_keys if self._known is None else self._known.sub(HIDDEN, without_keys)

    def json(self, value: Json) -> Json:
        """`value` with every text in it scrubbed; keys stay as they are."""
        if isinstance(value, dict):
            return {key: self.json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _forms(secret: str) -> tuple[str, ...]:
    """How it can be written: as it is, and as a text in JSON or in Python has it."""
    plain = secret.strip()
    return (plain, json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1])


def _pattern(form: str) -> str:
    return re.escape(form) if len(form) >= _SHORT_CHARS else rf"(?<!\w){re.escape(form)}(?!\w)"
