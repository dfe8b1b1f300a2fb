"""Frames and instances in other transfer syntaxes than they are stored in, through HTTP (PS3.18 8.7.3)."""
