"""The structure tensor names rows before columns, whichever way its gradient is taken."""

import numpy as np
import pytest

from anomsynth.fields.structure import StructureTensor, gradient_products, structure_tensor

PLANE = np.add.outer(2 * np.arange(32), 3 * np.arange(32)).astype(np.float32)  # rises (2, 3)


@pytest.mark.parametrize(
    "tensor", [gradient_products(PLANE, np.ones(PLANE.shape, bool)), structure_tensor(PLANE)]
)
def test_a_plane_has_the_products_of_its_slopes(tensor: StructureTensor) -> None:
    amid = 16, 16

    found = [tensor.row_row[amid], tensor.row_col[amid], tensor.col_col[amid]]

    assert found == pytest.approx([4, 6, 9], rel=1e-3)


def test_the_rim_of_the_part_counts_for_nothing() -> None:
    inside = np.ones(PLANE.shape, bool)
    inside[:, :10] = False

    tensor = gradient_products(PLANE, inside)

    assert not tensor.row_row[:, :12].any()
    assert tensor.row_row[2:-2, 12:-2].all()


def test_entries_are_taken_by_flat_index() -> None:
    tensor = structure_tensor(PLANE)

    assert tensor.take(np.array([5, 70])).row_col.tolist() == [
        tensor.row_col[0, 5],
        tensor.row_col[2, 6],
    ]
