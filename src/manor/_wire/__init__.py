"""The bytes of every message, and nothing else: no socket, no pickle, no object of the manager's.

The transport shakes hands and makes frames of bytes. The first pair of frames *introduces* the peers
(``introduction``). After that a connection is either a *session*, on which
calls and answers alternate (``calls``), or the one *control* connection of a client process, which carries
notices that need no answer (``control``). Whatever does not parse is a ``ProtocolError`` of the peer that sent it.
"""
