# SPDX-License-Identifier: Apache-2.0
"""Initial RAM disks for the Linux machines of ./bulkhead bench: the shipped one with some files added. Linux unpacks one archive after the other."""
from tools.images.cpio import Archive


def with_files(initrd, files, output):
    """initrd: the file to add to; files: {path in the image: file on the host}. output gets the result."""
    archive = Archive()
    for name, path in files.items():
        archive.file(name, path.read_bytes(), 0o755)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(initrd.read_bytes() + archive.pack())
    return output
