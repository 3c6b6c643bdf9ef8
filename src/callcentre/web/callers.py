"""Who sends a request, as far as the connection tells: the address, whether it is encrypted, and what proxies say.

Headers are believed from the proxies of the configuration alone; from anybody else they are what anybody can write.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web

from callcentre.config.settings import WebSettings
from callcentre.runtime.log import Log

_MOST_LOGGED: Final = 100
_LONGEST_NAME: Final = 200
_NETWORK_BITS: Final = 64

Address = IPv4Address | IPv6Address


class Callers:
    """Reads requests by the rules of `settings`."""

    def __init__(self, settings: WebSettings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._logged: set[str] = set()

    def is_proxy(self, request: web.Request) -> bool:
        """Whether the request comes straight from a listed proxy."""
        peer = _parsed(request.remote)
        return peer is not None and self._listed(peer)

    def address(self, request: web.Request) -> str:
        """The address of who asks: through proxies, the last one that is none of them."""
        peer = _parsed(request.remote)
        if peer is None:
            return ""
        if not self._listed(peer):
            return str(peer)
        for said in reversed(_values(request, "X-Forwarded-For")):
            hop = _parsed(said)
            if hop is None:
                break
            if not self._listed(hop):
                return str(hop)
            peer = hop
        return str(peer)

    def network(self, request: web.Request) -> str:
        """What guesses are counted by: the address, of IPv6 the network of one customer."""
        found = _parsed(self.address(request))
        if isinstance(found, IPv6Address):
            return str(IPv6Network((found, _NETWORK_BITS), strict=False))
        return str(found)

    def is_secure(self, request: web.Request) -> bool:
        """Whether the browser speaks TLS: with us, or with a listed proxy."""
        if request.scheme == "https":
            return True
        said = _values(request, "X-Forwarded-Proto")
        return bool(said) and said[-1].lower() == "https" and self.is_proxy(request)

    def origins(self, request: web.Request) -> frozenset[str]:
        """What the browser may call the pages' own origin."""
        scheme = "https" if self.is_secure(request) else "http"
        hosts = {request.headers.get("Host", "")}
        if self.is_proxy(request):
            hosts |= set(_values(request, "X-Forwarded-Host")[-1:])
        own = {f"{scheme}://{host}".lower() for host in hosts if host}
        if self._settings.url:
            own.add("/".join(self._settings.url.split("/")[:3]).lower())
        return frozenset(own)

    def base(self, request: web.Request) -> str:
        """The address that people reach the pages by, without a slash at its end."""
        scheme = "https" if self.is_secure(request) else "http"
        return self._settings.url or f"{scheme}://{request.host}"

    def named(self, request: web.Request) -> str | None:
        """The account that a listed proxy says is logged in; None if it says none, or nobody is to be believed."""
        header = self._settings.trusted_header
        if header is None or header not in request.headers:
            return None
        if not self.is_proxy(request):
            self._log_once(request.remote or "")
            return None
        names = request.headers.getall(header)
        name = names[0].strip()
        return name if len(names) == 1 and 0 < len(name) <= _LONGEST_NAME else None

    def may_see(self, request: web.Request) -> bool:
        """Whether pages are shown on this connection: without TLS, only to proxies and to this machine, if so meant."""
        if not self._settings.proxies or self._settings.plain_http or request.scheme == "https":
            return True
        peer = _parsed(request.remote)
        return peer is not None and (peer.is_loopback or self._listed(peer))

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._settings.proxies)

    def _log_once(self, peer: str) -> None:
        if peer not in self._logged and len(self._logged) < _MOST_LOGGED:
            self._logged.add(peer)
            self._log.warning(
                "a header that only a proxy may send came from elsewhere, and is ignored",
                header=self._settings.trusted_header,
                address=peer,
            )


def _parsed(said: str | None) -> Address | None:
    """The address in `said`; of an IPv4 one written as IPv6, the IPv4 one."""
    try:
        found = ip_address((said or "").strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _values(request: web.Request, header: str) -> Sequence[str]:
    return [part.strip() for line in request.headers.getall(header, []) for part in line.split(",") if part.strip()]
