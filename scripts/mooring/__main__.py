"""`python -m mooring` is the command."""

import sys

from mooring.main import main

if __name__ == "__main__":
    sys.exit(main())
