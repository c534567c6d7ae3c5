"""A man in the middle: passes the bytes of TCP connections on, and keeps a record of them."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK_BYTES = 1 << 16


@dataclass
class Conversation:
    """What went over one connection, in the order in which it went; a piece is what one side said in one go."""

    pieces: list[tuple[str, bytearray]] = field(default_factory=list)

    def note(self, who: str, data: bytes) -> None:
        if self.pieces and self.pieces[-1][0] == who:
            self.pieces[-1][1].extend(data)
        else:
            self.pieces.append((who, bytearray(data)))

    def said_by(self, who: str) -> list[bytes]:
        """What the "client" or the "server" said, piece by piece."""
        return [bytes(data) for speaker, data in self.pieces if speaker == who]


class Relay:
    """Listens on a port of its own and passes everything on to a server."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.conversations: list[Conversation] = []
        self._server = server
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._bell, self._rope = socket.socketpair()
        self._peers: dict[socket.socket, tuple[socket.socket, str, Conversation]] = {}
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="relay")
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    def answers(self) -> int:
        """How often a server has answered so far, on all connections together."""
        return sum(len(conversation.said_by("server")) for conversation in self.conversations)

    def passed_on(self, conversation: Conversation, who: str, data: bytes) -> bytes:
        """What becomes of what somebody said; nothing at all hangs up on both."""
        return data

    def pieces_of(self, data: bytes) -> list[bytes]:
        """In which pieces that is passed on."""
        return [data]

    def close(self) -> None:
        self._rope.close()
        self._thread.join()
        for sock in (*self._peers, self._listener, self._bell):
            sock.close()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._bell:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj in self._peers:
                    assert isinstance(key.fileobj, socket.socket)
                    self._pass_on(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(self._server)
        conversation = Conversation()
        self.conversations.append(conversation)
        for sock, peer, who in ((client, server, "client"), (server, client, "server")):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[sock] = peer, who, conversation
            self._selector.register(sock, selectors.EVENT_READ)

    def _pass_on(self, sock: socket.socket) -> None:
        peer, who, conversation = self._peers[sock]
        try:
            data = sock.recv(CHUNK_BYTES)
        except ConnectionResetError:
            data = b""
        data = self.passed_on(conversation, who, data)
        if data:
            conversation.note(who, data)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in self.pieces_of(data):
                    peer.sendall(piece)
            return
        for end in (sock, peer):
            self._selector.unregister(end)
            del self._peers[end]
            end.close()


@contextlib.contextmanager
def relay(server: tuple[str, int]) -> Iterator[Relay]:
    """A relay to a server."""
    running = Relay(server)
    try:
        yield running
    finally:
        running.close()
