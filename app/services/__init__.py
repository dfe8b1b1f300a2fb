"""Use cases, one a file: what the archive does, said without HTTP.

May import ``app.dicom``, ``app.workers`` and the Protocols and values of ``storage``; never FastAPI or
``app.protocol``.
"""
