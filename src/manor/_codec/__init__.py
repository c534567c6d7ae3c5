"""Values to bytes and back: the only package that unpickles anything.

A *codec* (``manor._codec.codec``) encodes arguments, results and exceptions. ``context`` tells objects that know how to
travel, which are proxies, for whom they are being encoded or decoded.
"""
