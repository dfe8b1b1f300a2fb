"""DICOM, pure and synchronous: parsing at ingest, DICOM JSON, frames, and what is made of them.

No files, no network, no database, no FastAPI: everything here can be tested with bytes alone. Services may import it,
and everything above them.
"""
