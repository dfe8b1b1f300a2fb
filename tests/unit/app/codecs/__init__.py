"""Codecs, judged by libraries that the server does not use."""
