"""Networks: frozen backbone, detector, learned SQE, their files."""
