"""Bytes and rows, asynchronous: what Fovea keeps, and how it is found again.

Stands alone: imports neither ``app`` nor FastAPI nor pydicom. The plain values (``resource``, ``attributes``,
``records``, ``query``, ``errors``) use the standard library only and may be imported by every layer above;
``blobs`` and ``index`` are back ends that only ``app.main`` names, through their factories.
"""
