"""The HTTP face of a controller, on its unix socket."""
