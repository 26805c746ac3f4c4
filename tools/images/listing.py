# SPDX-License-Identifier: Apache-2.0
"""./bulkhead image: what is in an initramfs."""
import gzip
import stat

from tools.config.picture import human
from tools.progress import ROOT, StepError, say

FILES = {"service": "service-initrd.gz", "user": "user-initrd.gz", "rt": "rt-initrd.gz", "cloud": "cloud-initrd.gz"}


def entries(content):
    """(name, mode, size) of each file of a cpio "newc" archive."""
    at = 0
    while content[at:at + 6] == b"070701":
        fields = [int(content[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = content[at + 110:at + 110 + name_size - 1].decode()
        if name == "TRAILER!!!":
            return
        yield name, mode, size
        at = (at + 110 + name_size + 3) & ~3
        at = (at + size + 3) & ~3


def run(args):
    path = ROOT / "build" / "images" / FILES[args.image]
    if not path.exists():
        groups = {"cloud": "bochs", "rt": "rt"}
        raise StepError(f"{path.relative_to(ROOT)} was not built: what it is made of is missing; run ./bulkhead setup --group {groups.get(args.image, 'run')}")
    packed = path.read_bytes()
    say(f"{path.relative_to(ROOT)}: {human(len(packed))}")
    for name, mode, size in entries(gzip.decompress(packed)):
        say(f"  {stat.filemode(mode)}  {size:>10}  {name}")
    return 0
