"""The role of a detector: a component that builds a network from frozen features to a map."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, cast

from pydantic import AfterValidator, Field

from anomsynth.core.component import Component
from anomsynth.core.registry import Registry

if TYPE_CHECKING:  # the role is named, listed and recorded without torch
    import torch

    from anomsynth.bisqad.model.network import DetectorNetwork
    from anomsynth.bisqad.model.reference import ReferenceNetwork


def _with_middle(window: int) -> int:
    if window % 2 == 0 and window:
        raise ValueError("must be odd, so that it has a middle, or 0 for none")
    return window


Window = Annotated[int, Field(ge=0), AfterValidator(_with_middle)]  # places around one; 0: none


@dataclass(frozen=True, slots=True)
class FeatureShapes:
    """What a network is fed with: feature maps of a frozen backbone, finest first.

    Attributes
    ----------
    channels : tuple of int
        Of each map.
    strides : tuple of int, pixels
        Between two places of each map.
    size : int, pixels
        Along each side of the photos.
    products : int
        That the photos show, where one network is to serve several.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    size: int = 256
    products: int = 1


class Detector(Component, ABC):
    """Builds the network that a training fits; its fields are the network's dimensions.

    Attributes
    ----------
    asks_trusted : bool
        Whether trusted defects decide on something in it, whatever the weights of samples are.
    asks_sources : bool
        Whether it learns from the photos that defects were made from, too.
    usual_epochs : int
        That it is trained for, unless somebody says otherwise.
    has_own_loss : bool
        Whether more than its map is rated when it is trained: then weights cannot be learned.
    """

    asks_trusted: ClassVar[bool] = False
    asks_sources: ClassVar[bool] = False
    usual_epochs: ClassVar[int] = 10
    has_own_loss: ClassVar[bool] = False

    @property
    def learns_defects(self) -> bool:
        """Whether it learns from defects, or from good photos alone."""
        return True

    @property
    def takes_steps(self) -> bool:
        """Whether it is trained by gradients, for so many epochs."""
        return self.learns_defects

    @abstractmethod
    def build(self, shapes: FeatureShapes, generator: "torch.Generator") -> "DetectorNetwork":
        """Return a network with fresh weights.

        Parameters
        ----------
        shapes : FeatureShapes
        generator : torch.Generator
            Draws the weights; torch's global one must not be used.

        Returns
        -------
        DetectorNetwork
            All its state is in parameters and buffers: what is saved, and what gradients see.
        """


class Reference(Detector):
    """A model of what is normal: knows good photos only, and how far a place is from them."""

    @property
    def learns_defects(self) -> bool:
        """Whether it learns from defects: not a reference."""
        return False

    def build_part(self, shapes: FeatureShapes, generator: "torch.Generator") -> "ReferenceNetwork":
        """Return what is a part of another detector's network, and knows no photo yet.

        Without gradients of its own; it learns when that network learns what is normal. By
        default the network of `build`; who builds another one there has one for this, too.
        """
        return cast("ReferenceNetwork", self.build(shapes, generator))


detectors: Registry[Detector] = Registry("detectors", Detector)  # type: ignore[type-abstract]  # the registry never instantiates the base
