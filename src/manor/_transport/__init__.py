"""Bytes elsewhere: addresses, listening, connecting, and who is at the other end.

A connection begins with a *preamble*, eight raw bytes each way, which say whether the peer is authenticated by its
user id or by a key. Then come frames: a length and bytes. What frames mean is none of this package's business; what a
frame is belongs to ``manor._native.Connection``.
"""
