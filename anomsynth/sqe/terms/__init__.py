"""What the quality estimator measures, one term per file."""
