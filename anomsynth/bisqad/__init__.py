"""BiSQAD: detectors trained on synthetic defects whose weights are learned. Needs the train extra."""
