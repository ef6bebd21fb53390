"""Does a packed batch give what each of its documents gives alone?"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.feed.errors import FeedError
from training.feed.torch_batches import IGNORED, TorchBatch
from training.feed_check.gpt import GPT, Mask, documents_alone, loss_sum

MaskOf = Callable[[Tensor], Mask]
"""(B, L) segments -> what attention may see."""


@dataclass(frozen=True)
class Difference:
    """How far a packed batch is from its documents, each computed alone."""

    logits: float  # the largest of all differences
    loss: float  # of the mean over all targets, relative
    scale: float  # the largest logit, to compare with


@torch.no_grad()
def packed_and_alone(
    model: GPT, batch: TorchBatch, mask_of: MaskOf, packed: Callable[..., Tensor] | None = None
) -> Difference:
    """Compares a packed batch with its documents one by one, which attention sees without any mask but causality.

    `packed` computes the batch in place of the model, for instance the model compiled.
    """
    packed_BxLxV = (model if packed is None else packed)(
        batch.token_ids(), batch.positions(), mask_of(batch.segments())
    )
    packed_TxV = packed_BxLxV.flatten(0, 1)
    furthest, loss, targets = 0.0, 0.0, 0
    for place, ids_1xl in documents_alone(batch):
        positions_1xl = torch.arange(ids_1xl.shape[1], device=ids_1xl.device)[None]
        alone_1xlxV = model(ids_1xl, positions_1xl, None)
        furthest = max(furthest, float((packed_TxV[place] - alone_1xlxV[0]).abs().max()))
        loss += float(loss_sum(alone_1xlxV[:, :-1], ids_1xl[:, 1:]))
        targets += ids_1xl.shape[1] - 1
    packed_loss = float(loss_sum(packed_BxLxV, batch.targets()))
    assert targets == int((batch.targets() != IGNORED).sum())
    return Difference(furthest, abs(packed_loss - loss) / abs(loss), float(packed_TxV.abs().max()))


@torch.no_grad()
def is_independent(model: GPT, batch: TorchBatch, mask_of: MaskOf) -> bool:
    """Whether other ids in the first document of a row with several leave all other logits as they are, to the bit.

    Raises:
        FeedError: no row has two documents.
    """
    ids_BxL, segments_BxL = batch.token_ids(), batch.segments()
    row = next((row for row, found in enumerate(segments_BxL) if _documents(batch, found) > 1), None)
    if row is None:
        raise FeedError("no row of this batch has two documents")
    is_first_BxL = segments_BxL == segments_BxL[row, 0]
    changed_BxL = torch.where(is_first_BxL, (ids_BxL + 1) % model.size.vocabulary, ids_BxL)
    mask, positions_BxL = mask_of(segments_BxL), batch.positions()
    before_BxLxV, after_BxLxV = model(ids_BxL, positions_BxL, mask), model(changed_BxL, positions_BxL, mask)
    assert not torch.equal(before_BxLxV[is_first_BxL], after_BxLxV[is_first_BxL])
    return torch.equal(before_BxLxV[~is_first_BxL], after_BxLxV[~is_first_BxL])


def _documents(batch: TorchBatch, segments_L: Tensor) -> int:
    return int((~batch.is_padding[torch.unique(segments_L)]).sum())
