"""Whom to tell and how: contacts and the mail server, what is wrong between their keys, and what they become."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from callcentre.config.durations import duration_of, text_of
from callcentre.config.hidden import Hidden
from callcentre.config.problems import unknown
from callcentre.config.schema import ContactSection, MailSection
from callcentre.config.settings import Contact, MailSettings, MailTls

Table = Mapping[str, Any]
ROADS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email",),
    "webhook": ("webhook", "webhook_file", "webhook_env"),
    "chat": ("chat", "chat_file", "chat_env"),
}
"""The ways to reach a contact, each with the keys that give it; a contact has exactly one."""
_PORTS: Final = {MailTls.STARTTLS: 587, MailTls.TLS: 465, MailTls.NONE: 25}
_CHAT: Final = re.compile(r"([a-z][a-z0-9]{0,31})://\S+", re.ASCII | re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f]")


def check_contact(contact: Table, key: str, *, has_mail: bool) -> Iterator[tuple[str, str]]:
    """Find what is wrong between the keys of one contact, named `key` in what is told."""
    found = (next((name for name in names if name in contact), None) for names in ROADS.values())
    given = [name for name in found if name is not None]
    if not given:
        yield key, "cannot be reached; give it email, webhook or chat"
    if len(given) > 1:
        yield f"{key}.{given[1]}", f"is given beside {given[0]}; make it a contact of its own"
    if "email" in given and not has_mail:
        yield f"{key}.email", "needs a mail server; add [mail] with host and sender"


def check_mail(mail: Any) -> Iterator[tuple[str, str]]:
    """Find what is wrong between the keys of `[mail]`."""
    if not isinstance(mail, Mapping):
        return
    has_password = any(name in mail for name in ("password", "password_file", "password_env"))
    if "username" in mail and not has_password:
        yield "mail.username", "has no password; add password_file, password_env or password"
    if has_password and "username" not in mail:
        yield "mail.username", "is missing; name the account that the password belongs to"
    if mail.get("tls") == MailTls.NONE and "ca_file" in mail:
        yield "mail.ca_file", 'is for TLS; leave it out, or write tls = "starttls"'


def check_told(line: Table, key: str, contacts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find contacts that a line names and that there are not, and steps of its escalation that collide."""
    yield from check_names(line.get("tell"), f"{key}.tell", contacts)
    yield from check_steps(line, key, "escalation", contacts)


def check_steps(line: Table, key: str, name: str, contacts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find contacts that the steps of an escalation, `name`, tell and that there are not, and steps that collide."""
    steps = line.get(name)
    seen: set[timedelta] = set()
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, Mapping):
            continue
        yield from check_names(step.get("tell"), f"{key}.{name} {index + 1}.tell", contacts)
        with suppress(ValueError, AttributeError):  # the schema tells of what is no length of time
            after = duration_of(step.get("after", ""))
            if after in seen:
                yield f"{key}.{name} {index + 1}.after", f"another step is at {text_of(after)} too; make them one"
            seen.add(after)


def check_names(told: Any, key: str, contacts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find who is told and is no contact, or is named twice."""
    names = [name for name in told if isinstance(name, str)] if isinstance(told, list) else []
    for name in dict.fromkeys(names):
        if name not in contacts:
            hint = unknown(name, contacts) if contacts else "add a [[contact]] table for it"
            yield key, f'there is no contact "{name}"; {hint}'
        if names.count(name) > 1:
            yield key, f'"{name}" is named twice; name each contact once'


def contact_of(one: ContactSection, hidden: Hidden) -> Contact:
    """Make a contact ready for use; its URL, wherever it stands, becomes a problem if it is none."""
    name = f'contact "{one.name}"'
    where = f"{name}.{next(iter(one.model_fields_set - {'name'}))}"
    webhook = hidden.value(one, "webhook", name)
    chat = hidden.value(one, "chat", name)
    if webhook is not None and not _is_web(webhook):
        hidden.wrong(where, "is no web address; write http://HOST/… or https://HOST/…")
    if chat is not None:
        if _CHAT.fullmatch(chat) is None:
            hidden.wrong(where, "is no address of apprise; write SERVICE://…, such as slack://… or msteams://…")
        elif find_spec("apprise") is None:
            hidden.wrong(where, "needs a library that is not installed; run pip install 'callcentre[chat]'")
    return Contact(
        name=one.name,
        email=() if one.email is None else tuple(dict.fromkeys(one.email)),
        webhook=None if webhook is None else SecretStr(webhook),
        chat=None if chat is None else SecretStr(chat),
    )


def mail_of(one: MailSection, hidden: Hidden) -> MailSettings:
    """Make the mail server's settings ready for use."""
    tls = MailTls(one.tls)
    password = hidden.value(one, "password", "mail")
    return MailSettings(
        host=one.host,
        port=_PORTS[tls] if one.port is None else one.port,
        sender=one.sender,
        username=one.username,
        password=None if password is None else SecretStr(password),
        tls=tls,
        ca_file=None if one.ca_file is None else hidden.folder / one.ca_file,
    )


def _is_web(url: str) -> bool:
    """Whether `url` is a complete web address, of characters that a request can carry."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_fine
    return complete and _UNSAFE.search(url) is None
