"""Values to bytes and back: the only package that unpickles anything.

A *codec* (``Codec``) encodes arguments, results and exceptions. ``context`` tells objects that know how to
travel, which are proxies, for whom they are being encoded or decoded.
"""

from __future__ import annotations

from manor._codec.codec import Codec, codec_for

__all__ = ["Codec", "codec_for"]
