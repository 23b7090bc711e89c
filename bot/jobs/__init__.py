"""Work that starts by the clock: the scheduler and its jobs."""
