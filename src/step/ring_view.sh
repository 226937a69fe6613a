# What this node sees of the ring; the judgement is made by who asked.
nt status
