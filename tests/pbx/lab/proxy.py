"""A line to AMI that can be cut: a plain TCP relay on a port of the lab's."""

from __future__ import annotations

import contextlib
import socket
import threading


class CuttableLine:
    """Relays connections to a port; `cut` drops them all and takes no more until `mend`."""

    def __init__(self, listen: int, target: int) -> None:
        self._listen = listen
        self._target = target
        self._server: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    def mend(self) -> None:
        """Take connections (again)."""
        server = socket.create_server(("127.0.0.1", self._listen), backlog=16)
        self._server = server
        threading.Thread(target=self._accept, args=(server,), name="ami-line", daemon=True).start()

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        with self._lock:
            server, self._server = self._server, None
            dropped, self._open = self._open, []
        for one in [server, *dropped]:
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=60)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                if self._server is not server:
                    near.close()
                    far.close()
                    return
                self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_relay, args=(source, sink), name="ami-relay", daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes until either side ends, then end the other."""
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
