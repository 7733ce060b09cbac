"""Print a digest of what zlib-ng packs, and check it against zlib; the same on any processor.

python tests/benchmarks/processors.py
qemu-x86_64 -cpu Westmere $(readlink -f $(which python)) tests/benchmarks/processors.py

Only zlib-ng is imported, so that it runs on a processor that is emulated.
"""

import hashlib
import random
import sys
import zlib

from zlib_ng import zlib_ng

STRATEGIES = (zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)  # those that core/png.py uses


def main() -> None:
    """Pack noise and runs, in two pieces."""
    drawn = random.Random(3)
    noise = bytes(int(drawn.gauss(3, 6)) & 255 for _ in range(60_000))
    runs = b"".join(bytes([drawn.randrange(9)]) * drawn.randrange(1, 400) for _ in range(600))
    raw, digest = noise + runs, hashlib.sha256()
    for strategy in STRATEGIES:
        how = (1, zlib.DEFLATED, zlib.MAX_WBITS, 8, strategy)
        fast, plain = zlib_ng.compressobj(*how), zlib.compressobj(*how)
        packed = fast.compress(raw[:70_001]) + fast.compress(raw[70_001:]) + fast.flush()
        if packed != plain.compress(raw) + plain.flush():
            sys.exit("zlib-ng and zlib differ")
        digest.update(packed)
    sys.stdout.write(digest.hexdigest() + "\n")


if __name__ == "__main__":
    main()
