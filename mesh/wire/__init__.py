"""Bytes and messages: what travels between controllers and what is stored, pure and bounded."""
