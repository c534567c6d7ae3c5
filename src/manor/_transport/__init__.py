"""Bytes elsewhere: addresses, listening, connecting, and who is at the other end.

What frames mean is none of this package's business; what a frame is belongs to ``manor._native.Connection``.
"""
