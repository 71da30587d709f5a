"""The `trellis` command. Imports neither trio nor the API framework at the top."""
