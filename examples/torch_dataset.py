"""Make defects while a network trains, a new one every epoch: python torch_dataset.py."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import anomsynth as asy


class SyntheticDefects(Dataset):
    """Every second item is a photo as it is, the others carry defects."""

    def __init__(self, photos: list[np.ndarray], recipe: asy.Recipe) -> None:
        self.photos, self.recipe, self.epoch = photos, recipe, 0
        # Analysed once; every sample of a photo starts from its surface.
        self.surfaces = [asy.analyze(photo, scale=recipe.scale) for photo in photos]

    def __len__(self) -> int:
        return 2 * len(self.photos)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        photo, damaged = divmod(index, 2)
        image, mask = self.photos[photo], np.zeros(self.photos[photo].shape[:2], dtype=bool)
        if damaged:
            # The key decides the defect: the same in every worker, another one in every epoch.
            key = asy.SampleKey("train", str(photo), self.epoch)
            sample = asy.synthesize(self.surfaces[photo], self.recipe, key=key)
            image, mask = sample.image, sample.mask
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
        return pixels, torch.from_numpy(np.array(mask)).float()


dataset = SyntheticDefects(asy.demo_photos()["metal"], asy.load_recipe("metal"))
for dataset.epoch in range(2):
    for images, masks in DataLoader(dataset, batch_size=8, shuffle=True):
        share = masks.mean()
        print(f"epoch {dataset.epoch}: {tuple(images.shape)}, {share:.2%} of the pixels defective")
