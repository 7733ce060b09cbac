"""BiSQAD: detectors trained on synthetic defects, whose weights are learned. Needs torch."""
