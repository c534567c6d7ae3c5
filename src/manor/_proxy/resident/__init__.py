"""Proxies of objects in shared memory: the faces of ``manor._resident`` as the proxies that users know."""
