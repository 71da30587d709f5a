"""Source files on the command line: ``trellis plan``, ``apply``, ``export`` and ``schema``."""
