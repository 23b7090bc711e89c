"""What a short answer means: yes and no, numbers, ages, a correction."""
