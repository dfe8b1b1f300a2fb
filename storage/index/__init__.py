"""The index: rows of studies, series and instances, and how they are found. The layers above see ``protocol`` only.

``app.main`` names a back end, through ``factory``. The operations (``adding``, ``reading``, ``searching``) are plain
synchronous functions over a SQLAlchemy connection; a back end decides where they run and in which transaction.
"""
