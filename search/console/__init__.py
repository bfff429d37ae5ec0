"""Terminal input and output of the commands.

command.py     runs a command; an error becomes one line and an exit code
parser.py      the parser of a command, with the common flags
flags.py       flags from the fields of a dataclass
exits.py       exit codes
messages.py    messages on stderr
stop.py        Ctrl-C and SIGTERM
files.py       files written atomically
tables.py      data frames as text or Markdown
"""
