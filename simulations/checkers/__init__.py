"""What must hold: looked at after every event, and once more at the end."""
