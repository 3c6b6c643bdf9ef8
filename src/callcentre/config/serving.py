"""Where the pages are served: ready for use, and what only several keys of [web] together can tell."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final

from callcentre.config.durations import duration_of, text_of
from callcentre.config.schema import WebSection
from callcentre.config.settings import WebSettings

_NO_LINK: Final = "; no url: notices have no link"


def web_of(one: WebSection, folder: Path) -> WebSettings:
    """Return [web]; its files are found from `folder`."""
    return WebSettings(
        host=one.host,
        port=one.port,
        url=(one.url or "").rstrip("/"),
        tls_cert=None if one.tls_cert is None else folder / one.tls_cert,
        tls_key=None if one.tls_key is None else folder / one.tls_key,
        plain_http=one.plain_http,
        proxies=tuple(ip_network(proxy) for proxy in one.proxies),
        trusted_header=one.trusted_header,
        require_totp=one.require_totp,
        session_idle=duration_of(one.session_idle),
        session_longest=duration_of(one.session_longest),
    )


def check_web(table: Any) -> Iterator[tuple[str, str]]:
    """Find what is wrong between the keys of [web]; values of a wrong type are passed over."""
    if not isinstance(table, Mapping):
        return
    given = {key for key in ("tls_cert", "tls_key") if table.get(key) is not None}
    if len(given) == 1:
        missing = ({"tls_cert", "tls_key"} - given).pop()
        yield f"web.{given.pop()}", f"needs {missing} beside it; write both, or none"
    if table.get("trusted_header") is not None and not table.get("proxies"):
        yield "web.trusted_header", "is believed from nobody; name the proxy that sends it in proxies"
    host = table.get("host", "127.0.0.1")
    walled = given or table.get("proxies") or table.get("plain_http") is True
    if isinstance(host, str) and not is_loopback(host) and not walled:
        yield (
            "web.host",
            (
                f"{host} is reached from other machines, and passwords would cross the network in the clear; write "
                "tls_cert and tls_key, or proxies = [ADDRESS] of the one before it, or plain_http = true if that is "
                "meant"
            ),
        )


def told(web: WebSettings) -> Iterator[str]:
    """Say where the pages are, whom they believe, and what is dangerous about that."""
    scheme = "https" if web.tls_cert is not None else "http"
    yield f"{scheme}://{web.host}:{web.port}" + (f", in notices {web.url}/" if web.url else _NO_LINK)
    if web.proxies:
        who = f", who is logged in by {web.trusted_header}" if web.trusted_header else ""
        yield f"behind {', '.join(_short(proxy) for proxy in web.proxies)}: the caller's address is believed{who}"
    if web.plain_http and web.tls_cert is None and not is_loopback(web.host):
        yield "WARNING: passwords cross the network in the clear"
    codes = "every account" if web.require_totp else "those who chose it"
    yield (
        f"logged in for {text_of(web.session_longest)} at most, {text_of(web.session_idle)} unused; "
        f"codes asked of {codes}"
    )


def _short(network: IPv4Network | IPv6Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
