"""Where the runs of a study are carried out: in this process, in a pool of workers."""
