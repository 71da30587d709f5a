"""Datagrams and streams between controllers, on sockets or in memory."""
