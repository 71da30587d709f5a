"""Controllers that find each other, share what runs, and change together at one moment."""
