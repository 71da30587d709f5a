"""A run told to a stranger: as one HTML page, as plain text, and as a log for ShiViz."""
