"""Reads float32 safetensors files without third-party packages except NumPy."""

import json
import struct

import numpy as np


def read(path):
    """-> (dict of name to numpy array, metadata)."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data, np.float32, (end - begin) // 4, begin).reshape(entry["shape"]).copy()
    return arrays, metadata
