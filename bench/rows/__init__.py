"""The rows of the table, a module each."""
