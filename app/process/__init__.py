"""The server process: its log, its figures, its memory and its end."""
