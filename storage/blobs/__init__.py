"""Where the bytes of instances are kept: one Protocol, and the stores that fulfil it."""
