"""Code and constants of libraries that only the start needed leave the process's memory; what is needed after all comes back."""

import ctypes
import mmap
import re
from pathlib import Path

OF_LINUX = Path("/proc/self/smaps")
"""Which file is mapped where and what became of it; other systems have no such thing."""

CODE = re.compile(
    r"^(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[x-]p \S+ \S+ \d+ +/.*\n"
    r"(?:[A-Z]\w+:.*\n)*?Anonymous: +0 kB\n(?:[A-Z]\w+:.*\n)*?Swap: +0 kB$",
    re.MULTILINE,
)
"""A mapping of a file's code, or of the constants beside it, to which nobody wrote, so the file still says the same.

A page that was written to, as relocation does, and then swapped out is no longer `Anonymous` but in `Swap`; both have to be zero."""


MADV_PAGEOUT = 21
"""Linux's, which Python has no name for."""


def let_go_of_code(told: Path = OF_LINUX, *, out_of_cache: bool = False) -> int:
    """Bytes of them that the kernel need not keep mapped any more (madvise(2), MADV_DONTNEED); 0 where nothing is told of mappings.

    PyTorch and OpenVINO map more than 100 MB to import, trace and compile, and a picture needs a tenth of it. A page that comes back
    brings those of its neighbours that the system has in its cache of files, which is several times as much; `out_of_cache`: they leave
    that too (MADV_PAGEOUT), unless somebody else has them mapped, and each page that is needed after all is read from the disk once.
    """
    if not told.exists():
        return 0
    advise = ctypes.CDLL(None, use_errno=True).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    let_go = 0
    for mapping in CODE.finditer(told.read_text()):
        start, end = int(mapping["start"], 16), int(mapping["end"], 16)
        if out_of_cache:
            advise(start, end - start, mmap.MADV_RANDOM)
            advise(start, end - start, MADV_PAGEOUT)
        if advise(start, end - start, mmap.MADV_DONTNEED) == 0:
            let_go += end - start
    return let_go
