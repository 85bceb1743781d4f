"""``python -m labproof`` is the command ``labproof``."""

import sys

from labproof.cli import main

if __name__ == "__main__":
    sys.exit(main())
