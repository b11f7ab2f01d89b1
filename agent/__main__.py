"""`python -m agent` is `cure-agent`."""

from agent.command import main

if __name__ == "__main__":
    main()
