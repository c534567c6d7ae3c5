"""Faces of the arena's types: what the built-in types offer, on top of what the native module does by itself."""
