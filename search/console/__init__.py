"""What all commands share at the terminal.

command.py     exit codes, common flags, errors as one line
flags.py       flags from the fields of a dataclass
messages.py    messages on stderr
stop.py        Ctrl-C and SIGTERM
files.py       files written whole or not at all
tables.py      data frames as text or Markdown
"""
