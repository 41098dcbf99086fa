"""The use cases: one verb each, functions taking a session, ids and the instant; the rules decide, these write it down.

Start at `change.py`: every event of a consult goes through it. `assignment.py` plans a director's line.
"""
