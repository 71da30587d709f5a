"""Source files: an environment described, compared with what is there, and turned into commands.

Files say what is to be, commands say what is to happen. Everything here is the way from the one to
the other and back: documents in, mistakes or differences out, and nothing is read or written.
"""
