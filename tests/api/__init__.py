"""Each transaction of the API, in process."""
