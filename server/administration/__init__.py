"""What an operator does to the store from the command line: projects and their API keys."""
