"""Planned execution: an operation is compiled once, and a query is read by one statement.

graphql-core stays the reference. What a plan does not cover it leaves to graphql-core, and where
anything goes wrong a query is run again by graphql-core, which tells the errors.
"""
