"""Requests made up from the API description, thousands of them, to a running server: none may make it fail.

``make fuzz`` runs them. They are no part of the test run: each time they are others.
"""
