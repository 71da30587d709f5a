"""What an environment is: its objects, the commands that change them, and what must hold. Pure."""
