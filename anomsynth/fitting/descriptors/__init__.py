"""What is measured of a defect: one aspect a file, the same for real and for synthetic ones."""
