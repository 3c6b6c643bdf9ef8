"""`python -m callcentre` is `callcentre`."""

from callcentre.cli import main

if __name__ == "__main__":
    main()
