"""Quality of labelled defects: one term a file, the estimator, its calibration, set-level measures."""
