"""Quality of labelled defects: terms, the estimator, its calibration, set-level measures."""
