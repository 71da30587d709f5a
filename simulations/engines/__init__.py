"""Where runs are carried out: worker processes on this machine, or a Dask cluster.

An engine takes jobs while it has room and hands back what became of each, in the order in which
they end. It never fails because a run did: a worker that dies takes nothing with it but its job.
"""
