"""Columns as benches/src/lines.rs writes them (per column a line "name format rows buffers", per buffer a line with its length, the bytes, a
line end), as a table of pyarrow."""

from __future__ import annotations

import pyarrow

_TYPES = {"u": pyarrow.utf8(), "I": pyarrow.uint32(), "l": pyarrow.int64()}


def read(path: str) -> pyarrow.Table:
    """The table of a file."""
    with open(path, "rb") as file:
        bytes_of = memoryview(file.read())
    columns, at = {}, 0

    def line() -> str:
        nonlocal at
        end = at
        while bytes_of[end] != 0x0A:
            end += 1
        text, at = bytes(bytes_of[at:end]).decode(), end + 1
        return text

    while at < len(bytes_of):
        name, format, rows, count = line().split()
        buffers = []
        for _ in range(int(count)):
            size = int(line())
            # A copy: a table's buffers are aligned.
            buffers.append(pyarrow.py_buffer(bytes_of[at : at + size].tobytes()))
            at += size + 1
        buffers[0] = buffers[0] if buffers[0].size else None
        columns[name] = pyarrow.Array.from_buffers(_TYPES[format], int(rows), buffers)
    return pyarrow.table(columns)
