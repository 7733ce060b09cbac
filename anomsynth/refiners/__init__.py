"""What makes a rendered defect look photographed; the file name is the kind."""
