"""Objects of the standard library that users register: their waits end when the client has gone.

They are used by clients through the server and by the user's own threads in the server at the same time.
"""

from manor._server.adapters.adapter import Adapter
from manor._server.adapters.choice import adapt
from manor._server.adapters.owners import linger

__all__ = ["Adapter", "adapt", "linger"]
