"""Everything that touches the disk: folders, images, layout, manifest."""
