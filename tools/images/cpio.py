# SPDX-License-Identifier: Apache-2.0
"""Initramfs archives: cpio "newc" (Linux Documentation/driver-api/early-userspace/buffer-format.rst), gzip.

Built from bytes in memory, with fixed times and owners: the same input gives the same archive."""
import gzip
import stat


# REQ-TOO-003
class Archive:
    def __init__(self):
        self.parts = []
        self.names = set()

    def _add(self, name, mode, data=b"", device=(0, 0)):
        path = name.encode() + b"\0"
        inode = len(self.names) + 1
        self.names.add(name)
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self.parts.append(header + path + bytes(-(len(header) + len(path)) % 4) + data + bytes(-len(data) % 4))

    def folder(self, name):
        """The folder and those above it, once."""
        parent = name.rpartition("/")[0]
        if parent:
            self.folder(parent)
        if name not in self.names:
            self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        if "/" in name:
            self.folder(name.rpartition("/")[0])
        self._add(name, stat.S_IFREG | mode, data)

    def once(self, name, data, mode=0o644):
        """A file that several ask for."""
        if name not in self.names:
            self.file(name, data, mode)

    def link(self, name, target):
        if "/" in name:
            self.folder(name.rpartition("/")[0])
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor, mode=0o600):
        self.folder(name.rpartition("/")[0])
        self._add(name, stat.S_IFCHR | mode, device=(major, minor))

    def pack(self, level=6):
        # Inode 0 and no name but TRAILER!!! end the archive; Linux wants it padded to 512 bytes.
        self._add("TRAILER!!!", 0)
        content = b"".join(self.parts)
        return gzip.compress(content + bytes(-len(content) % 512), level, mtime=0)
