"""Proxies of the types of the module ``collections``."""
