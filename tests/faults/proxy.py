"""A TCP proxy that misbehaves as told: slow, trickling, silent, resetting, cut in the middle.

with Proxy("127.0.0.1", redis_port) as proxy:
    … connect to proxy.port …
    proxy.swallow()     # from now on nothing gets through, and nobody is told
    proxy.behave()
"""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, replace

TRICKLE_PAUSE = 0.01  # seconds between pieces, so that a second of trickling is a hundred of them


@dataclass(frozen=True, slots=True)
class Manner:
    """How bytes are passed on, in both directions."""

    latency: float = 0.0  # seconds before each piece
    bytes_per_second: float = 0.0  # 0: no limit
    swallows: bool = False
    resets: bool = False
    cut_after: int | None = None  # bytes of the server's answer


class Proxy:
    """Listens on a free port of this machine and passes everything on to `host:port`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._manner = Manner()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.connections = 0

    @property
    def port(self) -> int:
        """Where to connect."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset_all()

    # -- how to misbehave ----------------------------------------------------------------------------------------------

    def behave(self) -> None:
        """Pass everything on at once. Connections that were reset or swallowed stay lost."""
        self._manner = Manner()

    def delay(self, seconds: float) -> None:
        """Wait before each piece."""
        self._manner = replace(self._manner, latency=seconds)

    def trickle(self, bytes_per_second: float) -> None:
        """Pass on so many bytes a second."""
        self._manner = replace(self._manner, bytes_per_second=bytes_per_second)

    def swallow(self) -> None:
        """Accept connections and bytes, and pass nothing on: a host that vanished behind its network."""
        self._manner = replace(self._manner, swallows=True)

    def refuse(self) -> None:
        """Reset what is open and every new connection."""
        self._manner = replace(self._manner, resets=True)
        self.reset_all()

    def cut_after(self, count: int) -> None:
        """Reset each connection once the server has answered so many bytes."""
        self._manner = replace(self._manner, cut_after=count)

    def reset_all(self) -> None:
        """Reset every open connection."""
        with self._lock:
            sockets, self._open = self._open, set()
        for each in sockets:
            _reset(each)

    # -- threads -------------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            if self._manner.resets:
                _reset(near)
                return
            far = socket.create_connection(self._target, timeout=5)
            far.settimeout(None)
        except OSError:
            _reset(near)
            return
        with self._lock:
            self._open |= {near, far}
        back = threading.Thread(target=self._pump, args=(far, near, True), daemon=True)
        back.start()
        self._pump(near, far, False)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                manner = self._manner
                if manner.swallows:
                    continue
                time.sleep(manner.latency)
                if is_answer and manner.cut_after is not None and passed + len(piece) > manner.cut_after:
                    target.sendall(piece[: manner.cut_after - passed])
                    _reset(target)
                    _reset(source)
                    return
                self._pass_on(piece, target)
                passed += len(piece)
            target.shutdown(socket.SHUT_WR)

    def _pass_on(self, piece: bytes, target: socket.socket) -> None:
        rest = memoryview(piece)
        while rest and (pace := self._manner.bytes_per_second):
            now = max(1, int(pace * TRICKLE_PAUSE))
            target.sendall(rest[:now])
            rest = rest[now:]
            time.sleep(now / pace)
        if rest:
            target.sendall(rest)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Closing with a lingering time of zero sends RST in place of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()
