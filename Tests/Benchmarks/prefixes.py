#!/usr/bin/env python3
"""Prints a log of so many requests for `agentctl cache simulate`: five steps of an execution behind each other under one of twenty policies, and one conversation in eight that goes on a hundred times.

Nearly every request brings prefixes that no other has, so that whoever remembers all of them grows without end."""

import random
import sys

count = int(sys.argv[1])
chance = random.Random(3)
out, time, name, written = sys.stdout, 0.0, 1 << 20, 0
while written < count:
    time += chance.random() * 8
    policy = [1000 * chance.randrange(20) + 1, 40]
    if chance.randrange(160):
        ticket = [name, 11]
        name += 1000
        for step in range(5):
            out.write('{"t": %.2f, "in": 3500, "h": [[%d, %d], [%d, %d], [%d, 3]]}\n' % (time + step * 4, *policy, *ticket, ticket[0] + 100 + step * 10))
            written += 1
    else:
        blocks = 20
        for step in range(100):
            out.write('{"t": %.2f, "in": %d, "h": [[%d, %d], [%d, %d]]}\n' % (time + step * 20, (40 + blocks) * 64 + 30, *policy, name, blocks))
            blocks += chance.randrange(1, 12)
            written += 1
        name += 2000
