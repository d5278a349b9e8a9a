"""Runs the command line; `python -m autograder` is `autograder`."""

import sys


def main() -> None:
    """Run the command; Ctrl-C while it is being loaded is as quiet as later."""
    try:
        from autograder.cli import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
