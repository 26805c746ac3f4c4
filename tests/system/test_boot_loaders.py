# SPDX-License-Identifier: Apache-2.0
"""One ELF file for every boot loader: QEMU's own (Multiboot 1), GRUB on BIOS and GRUB on UEFI (Multiboot 2)."""
import shutil
import subprocess

import pytest

from tools.boot import boot_modules
from tools.config.compile import load_scenario
from tools.machine import HV

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"


def make_iso(folder, modules):
    """A CD that boots the hypervisor with these modules, on BIOS and on UEFI."""
    boot = folder / "iso" / "boot"
    (boot / "grub").mkdir(parents=True, exist_ok=True)
    shutil.copy(HV, boot / "hv.elf")
    lines = ["set timeout=0", "menuentry Bulkhead {", "  multiboot2 /boot/hv.elf"]
    for number, (path, tag) in enumerate(modules):
        shutil.copy(path, boot / f"module{number}")
        lines.append(f"  module2 /boot/module{number} {tag}")
    (boot / "grub" / "grub.cfg").write_text("\n".join(lines + ["}", ""]))
    iso = folder / "boot.iso"
    subprocess.run(["grub-mkrescue", "-o", iso, folder / "iso"], check=True, capture_output=True)
    return iso


@pytest.fixture
def boot_cd(start, folder):
    """boot_cd(*QEMU arguments): a machine whose firmware finds the scenario rt-only on a CD."""
    def boot(*extra):
        iso = make_iso(folder, boot_modules(load_scenario("rt-only"), folder))
        return start(None, kernel=None, extra=["-cdrom", str(iso), *extra])
    return boot


def expect_both_vms(machine):
    machine.wait_for("hypervisor", r"boot: service: 1 shared vCPU")
    machine.wait_for("hypervisor", r"boot: rtvm: 1 exclusive vCPU")
    machine.wait_for("rtvm", r"^rtvm: steady")


@pytest.mark.not_on("bochs", "loader")
# REQ-RT-013 REQ-CFG-001
# REQ-CFG-021
def test_qemu_loads_it_with_multiboot_1(start):
    expect_both_vms(start("rt-only"))


# REQ-CFG-001
def test_grub_loads_it_on_bios(start, boot_cd, on):
    """On Bochs it always does (tools/boot_cd.py)."""
    expect_both_vms(start("rt-only") if on == "bochs" else boot_cd())


@pytest.mark.not_on("bochs", "uefi")
# REQ-CFG-001
def test_grub_loads_it_on_uefi(boot_cd, folder):
    variables = folder / "vars.fd"
    shutil.copy(OVMF_VARS, variables)
    expect_both_vms(boot_cd("-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
                            "-drive", f"if=pflash,format=raw,file={variables}"))
