"""A small GPT that exists only to prove the feed: its attention sees nothing but a token's own document.

Pre-norm blocks, rotary positions (Su et al., RoFormer, arXiv 2104.09864) that restart in each document, one table for
embedding and output. Names end in their shapes:

    B  rows          D  width              V  ids of the vocabulary
    L  ids of a row  H  heads              K  width of a head, D = H * K
    S  documents of a batch, and padding behind those of a row: segments
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from training.feed.torch_batches import IGNORED, TorchBatch

Mask: TypeAlias = Tensor | BlockMask | None
"""What attention may see. (B, 1, L, L) bool: SDPA; a BlockMask: flex_attention; None: SDPA, all tokens before."""

_ROTARY_BASE = 10_000.0


@dataclass(frozen=True)
class Size:
    """How large a model is."""

    vocabulary: int
    width: int = 64
    heads: int = 2
    blocks: int = 2


class Block(nn.Module):
    """Attention and a feed-forward layer, each on normalized values and added to its input."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.norms = nn.ModuleList(nn.LayerNorm(size.width) for _ in range(2))
        self.qkv = nn.Linear(size.width, 3 * size.width, bias=False)
        self.out = nn.Linear(size.width, size.width, bias=False)
        self.up = nn.Linear(size.width, 4 * size.width, bias=False)
        self.down = nn.Linear(4 * size.width, size.width, bias=False)

    def forward(self, x_BxLxD: Tensor, angles_Bx1xLxK: Tensor, mask: Mask) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        B, L, D = x_BxLxD.shape
        qkv_3xBxHxLxK = self.qkv(self.norms[0](x_BxLxD)).view(B, L, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q_BxHxLxK, k_BxHxLxK = (rotated(each, angles_Bx1xLxK) for each in qkv_3xBxHxLxK[:2])
        seen_BxHxLxK = attention(q_BxHxLxK, k_BxHxLxK, qkv_3xBxHxLxK[2], mask)
        x_BxLxD = x_BxLxD + self.out(seen_BxHxLxK.transpose(1, 2).reshape(B, L, D))
        return x_BxLxD + self.down(functional.gelu(self.up(self.norms[1](x_BxLxD))))


class GPT(nn.Module):
    """Ids to logits of the next id."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(size.vocabulary, size.width)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.blocks))
        self.norm = nn.LayerNorm(size.width)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids_BxL: Tensor, positions_BxL: Tensor, mask: Mask) -> Tensor:
        """(B, L) int64 ids, (B, L) positions from 0 in each document -> (B, L, V) logits."""
        angles_Bx1xLxK = rotary_angles(positions_BxL, self.size.width // self.size.heads)
        x_BxLxD = self.embedding(ids_BxL)
        for block in self.blocks:
            x_BxLxD = block(x_BxLxD, angles_Bx1xLxK, mask)
        return functional.linear(self.norm(x_BxLxD), self.embedding.weight)


def attention(q_BxHxLxK: Tensor, k_BxHxLxK: Tensor, v_BxHxLxK: Tensor, mask: Mask) -> Tensor:
    """(B, H, L, K): for each token, the values of those it may see, weighted."""
    if isinstance(mask, BlockMask):
        is_fused = torch.compiler.is_compiling() or not q_BxHxLxK.is_cuda
        attend: Any = flex_attention if is_fused else _compiled_flex_attention()
        # Values that are a view with other strides than computed queries and keys: a model compiled for a processor
        # then gives wrong results without any error (torch 2.13).
        return attend(q_BxHxLxK, k_BxHxLxK, v_BxHxLxK.contiguous(), block_mask=mask)
    return functional.scaled_dot_product_attention(q_BxHxLxK, k_BxHxLxK, v_BxHxLxK, mask, is_causal=mask is None)


@cache
def _compiled_flex_attention() -> Callable[..., Tensor]:
    """On a GPU, flex_attention is a kernel of its own only once it is compiled."""
    compiled: Callable[..., Tensor] = torch.compile(flex_attention)
    return compiled


def rotary_angles(positions_BxL: Tensor, head_width: int) -> Tensor:
    """(B, 1, L, K) float32: by how much each pair of numbers of a head turns; both halves are alike."""
    pairs = torch.arange(0, head_width, 2, device=positions_BxL.device, dtype=torch.float32)
    angles_BxLxK2 = positions_BxL[:, :, None] * _ROTARY_BASE ** (-pairs / head_width)
    return torch.cat((angles_BxLxK2, angles_BxLxK2), -1)[:, None]


def rotated(x_BxHxLxK: Tensor, angles_Bx1xLxK: Tensor) -> Tensor:
    """(B, H, L, K): each pair (number k, number k + K / 2) turned by its angle."""
    first, second = x_BxHxLxK.chunk(2, -1)
    turned_BxHxLxK = torch.cat((-second, first), -1)
    return (x_BxHxLxK * angles_Bx1xLxK.cos() + turned_BxHxLxK * angles_Bx1xLxK.sin()).to(x_BxHxLxK.dtype)


def dense_mask(segments_BxL: Tensor) -> Tensor:
    """(B, L) number of each token's document -> (B, 1, L, L) bool: itself and those before it in the document."""
    L = segments_BxL.shape[1]
    before_LxL = torch.ones(L, L, dtype=torch.bool, device=segments_BxL.device).tril()
    return ((segments_BxL[:, :, None] == segments_BxL[:, None]) & before_LxL)[:, None]


def block_mask(segments_BxL: Tensor, create: Callable[..., BlockMask] = create_block_mask) -> BlockMask:
    """The same for flex_attention, which leaves out blocks of tokens that see nothing of each other.

    `create` may be `torch.compile(create_block_mask)`.
    """

    def sees(b: Tensor, h: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (key <= query) & (segments_BxL[b, query] == segments_BxL[b, key])

    B, L = segments_BxL.shape
    return create(sees, B, None, L, L, device=segments_BxL.device)


def loss_sum(logits_BxLxV: Tensor, targets_BxL: Tensor) -> Tensor:
    """The sum, in float32, of the cross entropies of all positions that have a target."""
    return functional.cross_entropy(
        logits_BxLxV.float().flatten(0, 1), targets_BxL.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def documents_alone(batch: TorchBatch) -> Iterator[tuple[slice, Tensor]]:
    """(where it is in the B * L ids, (1, l) int64 ids) of each document of a batch, padding left out."""
    ids = batch.token_ids().flatten()
    ends = batch.cu_seqlens.tolist()
    for start, stop, is_padding in zip(ends[:-1], ends[1:], batch.is_padding.tolist(), strict=True):
        if not is_padding:
            yield slice(start, stop), ids[start:stop][None]
