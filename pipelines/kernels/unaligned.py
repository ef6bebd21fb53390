"""Integers at any byte offset of a buffer, read in one instruction."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from pipelines.kernels.arrays import Bytes


def _unaligned_load(bits: int) -> Callable[[Bytes, int], np.uint64]:
    """A numba function `load(buffer, start)`: the integer of so many bits there, little-endian. Checks no bounds."""

    @intrinsic
    def load(_: Any, buffer: Any, start: Any) -> tuple[Any, Any]:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            word = ir.IntType(bits)
            address = builder.bitcast(builder.gep(array.data, [arguments[1]]), word.as_pointer())
            return builder.zext(builder.load(address, align=1), ir.IntType(64))

        return types.uint64(buffer, types.int64), generate

    return load


load_32 = _unaligned_load(32)
load_64 = _unaligned_load(64)
