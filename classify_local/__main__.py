"""`python -m classify_local`."""

from classify_local.cli.main import main

main()
