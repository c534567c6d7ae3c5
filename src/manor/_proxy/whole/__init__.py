"""Proxies that are what the hosted object is: its attributes, methods and operators."""
