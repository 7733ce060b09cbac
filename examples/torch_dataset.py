"""Make defects while a network trains, new ones every epoch: python torch_dataset.py."""

from torch.utils.data import DataLoader

import anomsynth as asy

# Or a folder of photos. Half of the items carry defects; any number of workers makes the same.
dataset = asy.torch.SyntheticDefects(asy.demo_photos()["metal"], "metal", size=256, length=16)
loader = DataLoader(dataset, batch_size=8, shuffle=True, num_workers=0)

for epoch in range(2):
    dataset.set_epoch(epoch)
    for images, masks, labels in loader:
        share = masks.mean()
        found = f"{int(labels.sum())} of {len(labels)} with defects"
        print(f"epoch {epoch}: {tuple(images.shape)}, {found}, {masks.mean():.2%} of the pixels")
