"""What an environment is: its objects, and the commands that change them."""
