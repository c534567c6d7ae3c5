"""Proxies of containers: value semantics, and iteration by chunks."""
