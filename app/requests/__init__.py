"""What routes read of a request: the address, the body, the parameters."""
