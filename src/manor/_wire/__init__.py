"""The bytes of every message, and nothing else: no socket, no pickle, no object of the manager's.

A connection lives through three stages. The *preamble* is eight raw bytes each way; it says whether the peer is
authenticated by its user id or by a key. Then come frames (length and bytes; the transport makes them), of which
the first pair *introduces* the peers (``introduction``). After that a connection is either a *session*, on which
calls and answers alternate (``calls``), or the one *control* connection of a client process, which carries
notices that need no answer (``control``). Whatever does not parse is a ``ProtocolError`` of the peer that sent it.
"""
