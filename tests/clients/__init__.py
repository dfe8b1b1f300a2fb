"""What real clients send, against a live server."""
