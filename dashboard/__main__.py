"""`python -m dashboard`: see `dashboard.desktop`."""

import sys

from dashboard.desktop import main

if __name__ == "__main__":
    sys.exit(main())
