"""Shapes that people drew in labelling tools: labelme, COCO, YOLO and CVAT, one reader per file."""
