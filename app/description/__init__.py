"""What the server says of itself: the API description and the Capabilities Description."""
