"""Moves over a live database of either predecessor: both kept their records with Prisma.

The source is read once, in one snapshot, into a copy on the local disk (`copy`), where what belongs
together is put in order (`arrange`). From there it is recorded as any client would (`record`), and
read back and compared (`check`).
"""
