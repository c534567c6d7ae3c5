"""One session: the thread that serves one thread of a client process.

The thread belongs to the client's thread for as long as the session lasts, so that thread-local state and RLocks
of hosted objects behave as they do under ``multiprocessing``. What a call took is undone when its answer does not
arrive, which the client tells by confirming those answers that ask for it.
"""

from __future__ import annotations

import contextlib
import select
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from manor import _log
from manor._codec.codec import Codec
from manor._codec.context import travel
from manor._server.adapting import linger
from manor._server.calls import Call, set_current
from manor._server.dispatch import Dispatcher, ProcessGrantee, ProxyResult
from manor._server.processes import Process
from manor._server.waiting import Abandoned, Cancellation
from manor._transport.connection import LOST, Connection
from manor._wire import sites
from manor._wire.answers import Encoded
from manor._wire.calls import CALL_BYTE, REGRET_BYTE, SERVER, Kind, unpack_call, unpack_drop
from manor._wire.calls import pack_answer as _pack_answer
from manor._wire.chains import CHAIN_BYTE, take_chain
from manor._wire.references import Reference
from manor.errors import MessageTooLarge, NotPicklable, ProtocolError

if TYPE_CHECKING:
    from manor._server.functions import ServerFunctions
    from manor._server.objects import Hosted

__all__ = ["Session"]

_SCALARS: Final = frozenset((type(None), bool, int, float, str, bytes))
_RESULT: Final = Kind.RESULT

_ADVISED: Final = Reference("manor._codec.refusals", "advised")
_ADVISED_OF_MISSING: Final = Reference("manor._codec.refusals", "advised_of_missing")
"""Only when things went wrong."""

_PROXIED: Final = "annotate the method with -> manor.Proxied[...]"


class Session:
    """Serves the calls of one thread of a client process."""

    def __init__(
        self,
        connection: Connection,
        process: Process,
        thread: int,
        codec: Codec,
        dispatcher: Dispatcher,
        functions: ServerFunctions,
    ) -> None:
        """Serve calls that arrive on *connection*."""
        self.connection = connection
        self.process = process
        self.call: Call = Call(process, thread, Cancellation())
        self._codec = codec
        self._dispatcher = dispatcher
        self._functions = functions
        self.grantee: ProcessGrantee = ProcessGrantee(dispatcher, process, self.encoded)
        self._after_answer: list[Any] = []
        self._out_of_the_way = threading.Event()
        self.call.step_aside = self._out_of_the_way.set

    # As recipient and sender of proxies (see ``manor._codec.context``)

    def grant(self, server: bytes, ident: int) -> bool:
        """Make the client a holder of a proxy in an answer."""
        if server != self._dispatcher.route.server:
            return False
        hosted = self._dispatcher.table.find(ident)
        if hosted is not None:
            self.grantee.take_hold(hosted)
        return True

    def grant_resident(self, server: bytes, typeid: str, handle: tuple[int, int]) -> int | None:
        """Make the client a holder of an object in shared memory, which the server hosts for that."""
        if server != self._dispatcher.route.server:
            return None
        number, _, _ = self._dispatcher.host_resident(self.grantee, typeid, handle).id.partition("@")
        return int(number, 16)

    def hold(self, ident: int, *, credited: bool) -> None:
        """Clients give no credits."""

    def granted(self, server: bytes, ident: int) -> bool:
        """Calls bring no credits: the server takes its own references."""
        return False

    # The loop

    def serve(self, before_close: Callable[[], None]) -> None:
        """Serve calls until the client ends the session; then undo what it did not get.

        Args:
            before_close: Called before the connection's descriptor is closed.
        """
        set_current(self.call)
        self.connection.take_turns(self._dispatcher.turns)
        receive, send, undo = self.connection.receive, self.connection.send, self.call.undo
        try:
            while True:
                message = receive()
                answer = self._answer
                if message[0] != CALL_BYTE:
                    if message[0] != CHAIN_BYTE:
                        self._note(message)
                        continue
                    answer = self._answer_in_chain
                undo.clear()
                try:
                    send(answer(message))
                except OverflowError as error:  # before a byte of it is sent
                    send(self._too_large(message, error))
                if self._after_answer:
                    self._after_answer.pop()()
        except Abandoned:
            _log.debug("%r abandoned a call", self.process)
        except (ProtocolError, OverflowError) as error:  # no call, or more than Limits.message_bytes_max
            _log.warning("closed a session of %r: %s", self.process, error)
        except LOST:
            pass
        finally:
            before_close()
            self._end()

    def _end(self) -> None:
        self.call.cancellation.cancel()
        if self.call.undo and not self._is_confirmed():
            self.undo()
        self.connection.close()
        self._out_of_the_way.set()
        set_current(None)
        linger()

    def _is_confirmed(self) -> bool:
        """Whether the client has the last answer, as far as it makes sense what it says of that."""
        with contextlib.suppress(*LOST):
            return self.connection.is_confirmed()
        return False

    def undo(self) -> None:
        """Give back what the last call took."""
        undo = self.call.undo
        while undo:
            try:
                undo.pop()()
            except Exception:  # one that fails must not keep the others from being undone
                _log.warning("could not undo a call of %r:\n%s", self.process, _log.current_error_text())

    def is_gone(self) -> bool:
        """Whether the client has closed its end."""
        descriptor = self.connection.fileno()
        if descriptor < 0 or self.has_abandoned():
            return True
        poller = select.poll()
        poller.register(descriptor, select.POLLRDHUP)
        return bool(poller.poll(0))

    def has_abandoned(self) -> bool:
        """Whether the client has said that it has; its process lives, at least long enough for that."""
        try:
            return self.connection.is_abandoned()
        except (OSError, ValueError):  # its own thread has just closed it, or the client scribbled over the mailboxes
            return True

    def abandon(self) -> None:
        """End the wait of the call that is being carried out: nobody wants its answer."""
        self.call.cancellation.cancel()

    def await_predecessors(self) -> None:
        """Let the waits that this client thread abandoned end first.

        A ``Condition.wait`` ends with the lock held, also when it is interrupted; the thread's next call relies on it.
        While others have that lock the wait does not end, which is not to hold up calls of other objects: then it is
        the lock that has the thread's calls wait.
        """
        for other in list(self.process.sessions):
            if other is not self and other.call.thread == self.call.thread and other.is_gone():
                other.abandon()
                if other.call.cancellation.interrupted_wait:
                    other._out_of_the_way.wait()

    # One call

    def _answer(self, message: bytearray) -> list[Any]:
        number, notices, drops, ident, method, payload = unpack_call(message)
        if self._dispatcher.debug:
            method = sites.served(method)
        self.process.await_notices(notices, drops)
        if self.connection.is_abandoned():
            raise Abandoned
        arguments = self._codec.decode_plain(payload, 0)
        if arguments is NotImplemented:
            travel.sender = self
            try:
                arguments = self._codec.decode(payload)
            except Exception as error:  # whatever a class raises when it is unpickled
                return self._refuse(number, _ADVISED_OF_MISSING(error))
            finally:
                travel.sender = None
        args, kwds = arguments
        try:
            if ident == SERVER:
                result = self._functions.call(self, method, args, kwds)
            else:
                result = self._dispatcher.call(self.grantee, ident, method, args, kwds)
        except Abandoned:
            raise
        except BaseException as error:
            error.__traceback__ = _outside(error.__traceback__)
            return self._refuse(number, _ADVISED(error))
        if type(result) in _SCALARS:
            return [_pack_answer(_RESULT, bool(self.call.undo), number), *self._codec.encode(result)]
        if type(result) is Encoded:
            return [_pack_answer(_RESULT, bool(self.call.undo), number), *result.parts]
        return self._encode(number, ident, method, result)

    def _answer_in_chain(self, message: bytearray) -> list[Any]:
        from manor._server.whole.remote_chains import arrived  # few servers are called by objects of others

        with arrived(*take_chain(message)):
            return self._answer(message)

    def _encode(self, number: int, ident: int, method: str, result: Any) -> list[Any]:
        kind = Kind.PROXY if type(result) is ProxyResult else Kind.RESULT
        travel.recipient = self
        try:
            encode = self._codec.encode
            payload = self._codec.encode_record(result.as_tuple()) if kind is Kind.PROXY else encode(result)
        except Exception as error:  # whatever a class raises when it is pickled
            self.undo()
            return self._refuse(number, self._unpicklable(ident, method, result, error))
        finally:
            travel.recipient = None
        return [_pack_answer(kind, bool(self.call.undo), number), *payload]

    def encoded(self, result: Any, hosted: Hosted, method: str) -> Encoded:
        """Return a result of *hosted*'s method as it is to be sent."""
        travel.recipient, outer = self, travel.recipient
        try:
            return Encoded(self._codec.encode(result))
        except Exception as error:  # whatever a class raises when it is pickled
            self.undo()
            raise self._unpicklable(hosted.ident, method, result, error) from error
        finally:
            travel.recipient = outer

    def _unpicklable(self, ident: int, method: str, result: Any, error: Exception) -> Exception:
        hosted = self._dispatcher.table.find(ident)
        typeid = "server" if hosted is None else f"{hosted.typeid} ({type(hosted.obj).__name__})"
        stays = "register() with method_to_typeid" if hosted is None or hosted.whole is None else _PROXIED
        found = NotPicklable(
            f"the result of {typeid}.{method}() cannot be sent to the client: "
            f"a {type(result).__module__}.{type(result).__qualname__} ({type(error).__name__}: {error}); "
            f"return plain values, or {stays}, which leaves it in the server"
        )
        found.__cause__ = error
        return found

    def _too_large(self, message: bytearray, error: OverflowError) -> list[Any]:
        self.undo()
        number, _, _, _, method, _ = unpack_call(message)
        name = sites.served(method) if self._dispatcher.debug else method
        return self._refuse(number, MessageTooLarge(f"the result of {name}(): {error} (Limits.message_bytes_max)"))

    def _refuse(self, number: int, error: BaseException) -> list[Any]:
        if self.process.ended:  # so what it held may be gone, which is no news for one whose server ends
            raise Abandoned from error
        return [_pack_answer(Kind.ERROR, False, number), *self._codec.encode_error(error)]

    def _note(self, message: bytearray) -> None:
        if message[0] == REGRET_BYTE:
            self.undo()
            return
        notices, ident, credits_ = unpack_drop(message)
        self.process.await_notices(notices)
        self._dispatcher.table.give_back(ident, self.process, credits_)
        self.process.count_drop()

    def after_answer(self, action: Any) -> None:
        """Have *action* called when the answer of the call under way has been sent."""
        self._after_answer.append(action)


def _outside(where: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that is not this package's own."""
    inner = where
    while inner is not None and inner.tb_frame.f_globals.get("__name__", "").startswith("manor._server."):
        inner = inner.tb_next
    return inner if inner is not None else where
