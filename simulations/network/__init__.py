"""The network between hosts: paths with their luck and faults, datagrams, and streams."""
