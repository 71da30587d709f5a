"""The replica: the one place where the machines meet, and the one door to all of them.

``door`` routes what comes in, ``participant`` wires the machines that work inside an environment,
``crank`` turns the barrier, ``calls`` does what local people ask, ``views`` says how things stand.
"""

from mesh.protocol.replica.door import Replica

__all__ = ["Replica"]
