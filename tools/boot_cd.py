# SPDX-License-Identifier: Apache-2.0
"""A CD whose GRUB boots one image with its modules, for machines that have no boot loader of their own (BIOS only)."""
import pathlib
import re
import shutil
import subprocess

from tools.emulator import MachineError

GRUB = "/usr/lib/grub/i386-pc"
MODULES = "biosdisk iso9660 multiboot multiboot2 linux normal"
MULTIBOOT1, MULTIBOOT2 = b"\x02\xb0\xad\x1b", b"\xd6\x50\x52\xe8"
LINUX, LINUX_AT = b"HdrS", 0x202        # Linux, Documentation/arch/x86/boot.rst
HEADER_WITHIN = 32768                   # Multiboot2, 3.1.1


def commands(kernel):
    """GRUB's commands for an image and its modules, by the header that it carries."""
    with open(kernel, "rb") as file:
        head = file.read(HEADER_WITHIN)
    if head[LINUX_AT:LINUX_AT + len(LINUX)] == LINUX:
        return "linux", "initrd"
    if MULTIBOOT2 in head:
        return "multiboot2", "module2"
    if MULTIBOOT1 in head:
        return "multiboot", "module"
    raise MachineError(f"{kernel} has neither a Multiboot header nor Linux's", "hypervisor")


def quoted(text):
    """Words for GRUB's script: each one is passed on as it is."""
    return " ".join(word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "'" + word.replace("'", "'\\''") + "'" for word in text.split())


def script(kernel, modules, append):
    load, load_module = commands(kernel)
    lines = ["set timeout=0", f"{load} /boot/kernel {quoted(append)}".rstrip()]
    for number, (_, words) in enumerate(modules):
        # Words behind an initrd would be taken for more files.
        lines.append(f"{load_module} /boot/module{number} {quoted(words) if load != 'linux' else ''}".rstrip())
    return "\n".join(lines + ["boot", ""])


def make(folder, kernel, modules=(), append=""):
    """folder/boot.iso."""
    if shutil.which("grub-mkrescue") is None or not pathlib.Path(GRUB).exists():
        raise MachineError("grub-mkrescue or its files for a BIOS are not installed; run ./bulkhead setup --group bochs", "hypervisor")
    tree = folder / "cd"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "boot" / "grub").mkdir(parents=True)
    (tree / "boot" / "grub" / "grub.cfg").write_text(script(kernel, modules, append), encoding="utf-8")
    shutil.copyfile(kernel, tree / "boot" / "kernel")
    for number, (path, _) in enumerate(modules):
        shutil.copyfile(path, tree / "boot" / f"module{number}")
    iso = folder / "boot.iso"
    done = subprocess.run(["grub-mkrescue", "-d", GRUB, "-o", str(iso), str(tree), f"--install-modules={MODULES}", "--locales=", "--fonts=", "--themes="],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    shutil.rmtree(tree)
    if done.returncode != 0 or not iso.exists():
        raise MachineError(f"grub-mkrescue made no CD: {done.stdout.strip()[-300:]}", "hypervisor")
    return iso
