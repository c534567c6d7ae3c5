"""What the proxies of containers in shared memory have in common."""

from __future__ import annotations

from manor._proxy.containers.base import ContainerProxy
from manor._proxy.resident.base import ResidentProxy

__all__ = ["ResidentContainer"]


class ResidentContainer(ResidentProxy, ContainerProxy):
    """Compares by value, hashes by the identity of the object."""

    def _is_same(self, other: object) -> bool:
        return isinstance(other, ResidentProxy) and other._handle == self._handle and other._arena is self._arena

    __eq__ = ContainerProxy.__eq__

    def __hash__(self) -> int:
        return hash(self._handle)
