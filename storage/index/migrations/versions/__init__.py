"""The steps of the tables' history. A step is never changed once released: it names its columns itself."""
