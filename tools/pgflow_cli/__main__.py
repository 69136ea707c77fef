"""``python -m pgflow_cli`` is the command ``pgflow``."""

from pgflow_cli.app import main

if __name__ == "__main__":
    main()
