"""The one inner loop of sparse products: add multiples of a matrix's rows to another row.

Written out for the processor, because of what a compiler makes of it by itself: not knowing that
the rows do not overlap, it reads and writes the sum at every step, and checks for overlap before
each. Here the sum stays in registers: `LANES` numbers to a register, `TILE` registers at a time,
and the row's end is masked instead of looped over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["add_rows"]

LANES = {types.float32: 16, types.float64: 8}
"""Numbers in 512 bits; processors with shorter registers take two or four for them."""

TILE = 4


def _add_rows_in_python(
    out: Any, n: int, matrix: Any, index: Any, values: Any, factor: Any, start: int, stop: int
) -> None:
    """Add Σ factor·values[k]·matrix[index[k]], k from `start` to `stop`, to ``out[n]``.

    All arrays are contiguous, `matrix`, `out` and `values` of one dtype.
    """
    for k in range(start, stop):
        out[n] += factor * values[k] * matrix[index[k]]


@intrinsic  # type: ignore[untyped-decorator]
def _add_rows_compiled(
    typing: Any, out: Any, n: Any, matrix: Any, index: Any, values: Any, factor: Any,
    start: Any, stop: Any,
) -> tuple[Any, Callable[..., Any]]:  # fmt: skip
    """Do the same in registers."""
    signature = types.void(
        out, types.intp, matrix, index, values, matrix.dtype, types.intp, types.intp
    )

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def array(kind: Any, value: Any) -> Any:
            return context.make_array(kind)(context, builder, value)

        rows, matrix_, index_, values_ = (
            array(kind, args[place])
            for kind, place in ((out, 0), (matrix, 2), (index, 3), (values, 4))
        )
        units = builder.extract_value(matrix_.shape, 1)
        row = builder.gep(rows.data, [builder.mul(args[1], units)])
        writer = _Writer(context, builder, matrix.dtype, units)

        def tile(first: Any, count: int, masked: bool) -> None:
            """Sum `count` registers of columns, from the column `first` on."""
            offsets = [writer.plus(first, q * writer.lanes) for q in range(count)]
            masks = [writer.mask(offsets[-1]) if masked and q == count - 1 else None
                     for q in range(count)]  # fmt: skip
            sums = [
                cgutils.alloca_once_value(builder, writer.load(row, offset, mask))
                for offset, mask in zip(offsets, masks, strict=True)
            ]
            for total, offset, mask in zip(sums, offsets, masks, strict=True):
                builder.store(writer.load(row, offset, mask), total)
            with cgutils.for_range(builder, args[7], start=args[6], intp=writer.size) as loop:
                k = loop.index
                place = builder.load(builder.gep(index_.data, [k]))
                place = builder.zext(place, writer.size)
                value = builder.load(builder.gep(values_.data, [k]))
                value = writer.splat(builder.fmul(args[5], value), writer.vector)
                source = builder.gep(matrix_.data, [builder.mul(place, units)])
                for total, offset, mask in zip(sums, offsets, masks, strict=True):
                    terms = (value, writer.load(source, offset, mask), builder.load(total))
                    builder.store(builder.call(writer.fma, terms), total)
            for total, offset, mask in zip(sums, offsets, masks, strict=True):
                writer.store(builder.load(total), row, offset, mask)

        width = writer.number(TILE * writer.lanes)
        full = builder.mul(builder.udiv(units, width), width)
        with cgutils.for_range_slice(builder, writer.number(0), full, width, intp=writer.size) as (
            first,
            _,
        ):
            tile(first, TILE, False)
        rest = builder.sub(units, full)
        for count in range(1, TILE + 1):  # the registers that the rest of the row takes
            more = builder.icmp_unsigned(">", rest, writer.number((count - 1) * writer.lanes))
            enough = builder.icmp_unsigned("<=", rest, writer.number(count * writer.lanes))
            with builder.if_then(builder.and_(more, enough)):
                tile(full, count, True)
        return context.get_dummy_value()

    return signature, generate


class _Writer:
    """Writes instructions on registers of numbers of one kind."""

    def __init__(self, context: Any, builder: Any, kind: Any, units: Any) -> None:
        self.builder, self.units = builder, units
        self.lanes = LANES[kind]
        self.size = context.get_value_type(types.intp)
        number = context.get_value_type(kind)
        self.vector = ir.VectorType(number, self.lanes)
        self.zeros = ir.Constant(self.vector, [ir.Constant(number, 0.0)] * self.lanes)
        self.bytes = 64 // self.lanes
        bits = ir.IntType(32)
        pointer, mask = self.vector.as_pointer(), ir.VectorType(ir.IntType(1), self.lanes)
        name = f"v{self.lanes}f{8 * self.bytes}"

        def function(title: str, result: Any, *arguments: Any) -> Any:
            kind = ir.FunctionType(result, arguments)
            return cgutils.get_or_insert_function(builder.module, kind, title)

        self.fma = function(f"llvm.fma.{name}", self.vector, *[self.vector] * 3)
        self._masked_load = function(
            f"llvm.masked.load.{name}.p0", self.vector, pointer, bits, mask, self.vector
        )
        self._masked_store = function(
            f"llvm.masked.store.{name}.p0", ir.VoidType(), self.vector, pointer, bits, mask
        )
        self._alignment = ir.Constant(bits, self.bytes)

    def number(self, value: int) -> Any:
        return ir.Constant(self.size, value)

    def plus(self, value: Any, constant: int) -> Any:
        return self.builder.add(value, self.number(constant))

    def splat(self, value: Any, vector: Any) -> Any:
        """Repeat a number in every lane."""
        nothing = ir.Constant(vector, ir.Undefined)
        first = ir.Constant(ir.IntType(32), 0)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [first] * self.lanes)
        one = self.builder.insert_element(nothing, value, first)
        return self.builder.shuffle_vector(one, nothing, zeros)

    def mask(self, offset: Any) -> Any:
        """Return which lanes, from a column on, are within the row."""
        columns = ir.VectorType(self.size, self.lanes)
        lanes = ir.Constant(columns, [self.number(q) for q in range(self.lanes)])
        place = self.builder.add(self.splat(offset, columns), lanes)
        return self.builder.icmp_unsigned("<", place, self.splat(self.units, columns))

    def load(self, row: Any, offset: Any, mask: Any) -> Any:
        place = self._place(row, offset)
        if mask is not None:
            return self.builder.call(self._masked_load, (place, self._alignment, mask, self.zeros))
        value = self.builder.load(place)
        value.align = self.bytes
        return value

    def store(self, value: Any, row: Any, offset: Any, mask: Any) -> None:
        place = self._place(row, offset)
        if mask is not None:
            self.builder.call(self._masked_store, (value, place, self._alignment, mask))
        else:
            self.builder.store(value, place).align = self.bytes

    def _place(self, row: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(row, [offset]), self.vector.as_pointer())


add_rows: Callable[..., None] = _add_rows_in_python if config.DISABLE_JIT else _add_rows_compiled
