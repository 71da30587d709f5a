"""The deeds: what the replica asks for, done with trio, sockets, SQLite and the clock."""
