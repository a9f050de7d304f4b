"""The local page: runs, studies and evidence in a browser on this machine.

A third face on the records, beside the command line and Python. It computes nothing that they cannot: what is heavy is
done by processes of its own (:mod:`.worker`), and trainings are commands that live on when the page ends.
"""
