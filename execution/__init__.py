"""Planned execution: a query is compiled once, and run a level at a time instead of leaf by leaf.

graphql-core stays the reference. What the plan does not cover it leaves to graphql-core, and where
anything goes wrong the query is run again by graphql-core, which tells the errors.
"""
