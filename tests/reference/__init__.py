"""What a search must find, by a matcher written from PS3.4 C.2.2.2 alone: slow, plain, and independent of the server.

It shares no code with the implementation; ``tests/api/search`` and ``tests/property`` compare the two.
"""
