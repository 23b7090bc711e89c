"""What time begins: the scheduler's ticks and the work that is due then."""
