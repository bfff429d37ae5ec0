"""The documentation. tables.py writes the generated tables of commands.md."""
