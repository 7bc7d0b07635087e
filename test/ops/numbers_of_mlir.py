"""Numbers as modules of MLIR write them, for the scripts that make some."""
import struct


def f32(x):
    """The nearest number of f32."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def dense(values):
    """What stands inside of dense<...>."""
    if isinstance(values, list):
        return "[" + ", ".join(dense(v) for v in values) + "]"
    return repr(values) if isinstance(values, int) else f"{values:.9e}"
