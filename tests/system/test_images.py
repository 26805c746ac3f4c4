# SPDX-License-Identifier: Apache-2.0
"""The images by themselves on the bare emulator: what fails here is no fault of the hypervisor."""
import os

import pytest

from test_machines import with_initrd
from tools import setup
from tools.boot import BUILD


def bare_linux(start, emulator, kernel, initrd, words, *extra):
    given = with_initrd(emulator, BUILD / "images" / initrd)
    return start(None, kernel=kernel.image, append=f"console=ttyS1,115200 quiet panic=-1 {words}", memory="1G", cores=2, **{**given, "extra": [*given["extra"], *extra]})


def service(emulator):
    """The kernel and the image that the Service VM has there."""
    return {"qemu": (setup.service_kernel(), "service-initrd.gz"), "bochs": (setup.user_kernel(), "cloud-initrd.gz")}[emulator.name]


@pytest.mark.long_on("bochs")
# REQ-TOO-006
def test_service_image_boots_to_its_shell(start, emulator):
    kernel, initrd = service(emulator)
    machine = bare_linux(start, emulator, kernel, initrd, "bulkhead.mode=test")
    machine.shell_ready(300)
    assert machine.shell("echo it works") == "it works"
    assert kernel.version in machine.shell("uname -r")
    machine.send("poweroff -f\n")
    assert machine.wait_exit() == 0


@pytest.mark.not_on("bochs", "devices")
# REQ-TOO-006
def test_user_image_reads_disk_and_answers_on_console(start, emulator, folder):
    disk = BUILD / "images" / "user-disk.img"
    machine = bare_linux(start, emulator, setup.user_kernel(), "user-initrd.gz", "", "-drive", f"file={disk},if=none,id=d,format=raw,readonly=on",
                         "-device", "virtio-blk-pci,drive=d", "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=hvc",
                         "-chardev", f"pipe,id=hvc,path={pipe(folder)}")
    machine.wait_for("service", r"^user: disk says: This line was read from a virtio-blk disk\.")
    machine.wait_for("service", r"^user: console ready")
    with open(folder / "hvc.in", "wb", buffering=0) as to_guest, open(folder / "hvc.out", "rb", buffering=0) as from_guest:
        to_guest.write(b"ping 7\n")
        machine.wait_for("service", r"^user: answered ping 7")
        to_guest.write(b"poweroff\n")
        machine.wait_exit()
        assert b"pong 7" in from_guest.read(200)


def pipe(folder):
    """The two FIFOs of a QEMU pipe character device."""
    for name in ("hvc.in", "hvc.out"):
        path = folder / name
        if path.exists():
            path.unlink()
        os.mkfifo(path)
    return folder / "hvc"
