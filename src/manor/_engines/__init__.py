"""Where a server runs, and what joins it to proxies in its own process."""
