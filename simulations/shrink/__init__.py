"""From a failing run to the smallest one that fails alike.

A generated run that fails has dozens of faults, and two of them matter. Shrinking leaves things
out, runs again, and keeps what still fails with the same rule violated (delta debugging: Zeller
and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). That this converges rests
on luck by purpose: what is left out does not change the luck of what stays.
"""
