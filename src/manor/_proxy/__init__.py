"""What a process that uses a manager holds: proxies, and the link to the server that they share."""
