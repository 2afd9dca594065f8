"""`python -m mooring` is the command."""

import gc
import sys

# Imports and documents make many objects and no garbage: by default a tenth of `validate` is looking for some.
gc.set_threshold(50_000, 20, 20)

from mooring.main import main  # noqa: E402 - after the line above, which is for its imports

if __name__ == "__main__":
    sys.exit(main())
