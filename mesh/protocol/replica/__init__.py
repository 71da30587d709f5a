"""The replica: the one place where the machines meet, and the one door to all of them.

``door`` routes what comes in, ``participant`` wires the machines that work inside an environment,
``scribe`` writes and takes facts, ``crank`` turns the barrier, ``company`` knows who is there,
``entries`` carries running information, ``calls`` does what local people ask, ``desk`` is where all
of it goes out, and ``views`` says how things stand.
"""

from mesh.protocol.replica.door import Replica

__all__ = ["Replica"]
