"""Why a frame or an instance cannot be given in another transfer syntax; the message is for the client."""


class CannotTranscode(Exception):
    """Base of both."""


class TranscodingNotPossible(CannotTranscode):
    """The transfer syntax asked for cannot hold these pixels, or nobody here reads the stored one or writes that one.

    Nothing is wrong with what is stored: it can be had as it is.
    """


class UndecodableFrame(CannotTranscode):
    """The stored bytes of a frame are damaged, or are not what the data set says of them."""
