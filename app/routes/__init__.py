"""The transactions of PS3.18, one a file: parse, negotiate, call one service, wrap."""
