"""What stands between the connection and the routes, and the one table from exceptions to statuses."""
