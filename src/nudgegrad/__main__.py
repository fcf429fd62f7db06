"""``python -m nudgegrad``: the command line."""

from nudgegrad.cli import main

main()
