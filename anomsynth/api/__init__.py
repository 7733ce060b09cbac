"""What `import anomsynth` offers for datasets: one function for each command, one file for each."""
