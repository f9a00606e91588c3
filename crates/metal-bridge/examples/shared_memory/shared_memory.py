"""Memory that kernels and PyTorch share, through DLPack; the one argument is the library that lib.rs becomes."""

import ctypes
import sys

import torch

library = ctypes.CDLL(sys.argv[1])
library.session_new.restype = ctypes.c_void_p
library.session_export.argtypes = [ctypes.c_void_p]
library.session_export.restype = ctypes.c_void_p
library.session_double.argtypes = [ctypes.c_void_p]
library.session_double_tensor.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
library.session_free.argtypes = [ctypes.c_void_p]

python = ctypes.pythonapi
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
NAME, USED = b"dltensor_versioned", b"used_dltensor_versioned"  # must live as long as the capsules


# ANCHOR: sharing
class Exported:
    """What `torch.from_dlpack` takes: gives a tensor away once."""

    def __init__(self, pointer):
        self.pointer = pointer

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **_):
        return python.PyCapsule_New(self.pointer, NAME, None)


def give_away(tensor):
    """The pointer to a tensor of PyTorch, which whoever gets it lets go."""
    capsule = tensor.__dlpack__(max_version=(1, 0))
    pointer = python.PyCapsule_GetPointer(capsule, NAME)
    python.PyCapsule_SetName(capsule, USED)
    return pointer


session = library.session_new()
assert session

# A buffer, used by PyTorch.
tensor = torch.from_dlpack(Exported(library.session_export(session)))
assert tensor.tolist() == [[1, 2], [3, 4]], tensor
tensor += 10
assert library.session_double(session) == -1, "the buffer is PyTorch's as long as the tensor lives"
del tensor
assert library.session_double(session) == 0
tensor = torch.from_dlpack(Exported(library.session_export(session)))
assert tensor.tolist() == [[22, 24], [26, 28]], tensor
del tensor

# A tensor of PyTorch, used by a kernel.
tensor = torch.arange(6, dtype=torch.float32).reshape(2, 3)
assert library.session_double_tensor(session, give_away(tensor)) == 0
assert tensor.tolist() == [[0, 2, 4], [6, 8, 10]], tensor
assert library.session_double_tensor(session, give_away(tensor.T)) == -1, "not row by row"
assert library.session_double_tensor(session, give_away(tensor[1:])) == -1, "not aligned"

# ANCHOR_END: sharing
library.session_free(session)
print("PyTorch and kernels have shared memory")
