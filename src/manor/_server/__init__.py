"""The server: hosts objects and runs what clients ask of them."""
