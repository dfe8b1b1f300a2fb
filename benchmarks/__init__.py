"""Latency and throughput of each transaction, measured through HTTP against a server of its own: ``make bench``."""
