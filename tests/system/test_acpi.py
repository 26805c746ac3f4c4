# SPDX-License-Identifier: Apache-2.0
"""ACPI tables as the VMs see them: ACPICA disassembles each, they name what is answered, and the kernels have nothing to complain of."""
import base64
import gzip
import pathlib
import re
import struct
import subprocess

import pytest
import yaml

from tools.boot import ROOT

COMPLAINTS = re.compile(r"ACPI (?:BIOS )?(?:Error|Warning|Exception)|ACPI:.*(?:fail|invalid|unable)|\[Firmware|not using (?:ECAM|MMCONFIG)|"
                        r"(?:MCFG|ECAM|MMCONFIG)\b.*(?:not reserved|conflict|invalid|partially)|can't (?:find IRQ|assign)", re.I)
READ = "for t in /sys/firmware/acpi/tables/[A-Z]*; do [ -f $t ] && echo table ${t##*/} $(gzip -c $t | base64 | tr -d '\\n'); done; true"
START_S = 150


def complaints(log):
    """Lines of a kernel's log that blame the firmware, or the place of the configuration window."""
    return [line for line in log.splitlines() if COMPLAINTS.search(line)]


BAD = ("ACPI BIOS Error (bug): Could not resolve symbol", "[Firmware Bug]: TSC not synchronous", "ACPI Warning: 32/64X length mismatch",
       "PCI: not using ECAM ([mem 0xb0000000-0xbfffffff] not reserved)", "acpi PNP0A08:00: [Firmware Info]: ECAM for domain 0000 [bus 00-3f] only partially covers this bridge")
FINE = ("ACPI: MCFG 0x000000007FFE2C8D 00003C (v01 BOCHS  BXPC     00000001 BXPC 00000001)", "ACPI: Reserving MCFG table memory at [mem 0x7ffe2c8d-0x7ffe2cc8]",
        "PCI: ECAM [mem 0xb0000000-0xbfffffff] (base 0xb0000000) for domain 0000 [bus 00-ff]", "PCI: ECAM [mem 0xb0000000-0xbfffffff] reserved as E820 entry")
assert complaints("\n".join(BAD + FINE)) == list(BAD)


def tables(text):
    """{name: bytes} of what READ printed."""
    return {name: gzip.decompress(base64.b64decode(packed)) for name, packed in re.findall(r"^table (\w+) (\S+)", text, re.M)}


def disassembled(found, folder):
    """{name: source} by iasl, which has nothing to say against them; a DSDT compiles again."""
    folder.mkdir(exist_ok=True)
    for name, data in found.items():
        assert name.startswith("FACS") or sum(data) & 0xFF == 0, f"checksum of {name}"
        (folder / f"{name}.dat").write_bytes(data)
        done = subprocess.run(["iasl", "-d", f"{name}.dat"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not re.search(r"\b(?:Error|Warning|Invalid)\b", done.stdout + done.stderr), done.stdout + done.stderr
    done = subprocess.run(["iasl", "-ve", "DSDT.dsl"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (folder / f"{name}.dsl").read_text(encoding="utf-8") for name in found}


def window(mcfg):
    """(address, first bus, last bus) of the one window."""
    assert len(mcfg) == 60
    address, segment, first, last = struct.unpack_from("<QHBB", mcfg, 44)
    assert segment == 0
    return address, first, last


@pytest.mark.not_on("bochs", "iommu")
# REQ-TOO-004 REQ-DM-008 REQ-INT-025
def test_tables_of_service_vm_and_user_vm_are_sound_and_say_what_is_there(linux, folder):
    machine = linux("demo-iommu", words="bulkhead.test=user")
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35-iommu.yaml").read_text(encoding="utf-8"))
    found = tables(machine.shell(READ, 60))
    assert {"DSDT", "FACP", "APIC", "MCFG"} <= set(found) and not {"DMAR", "IVRS"} & set(found), sorted(found)
    text = disassembled(found, pathlib.Path(folder) / "service-tables")
    assert window(found["MCFG"]) == (board["mmconfig"], 0, 255)
    assert text["APIC"].count("Processor Enabled : 1") == 3 and "I/O Apic" in text["APIC"]
    assert complaints(machine.shell("dmesg")) == []
    machine.shell(f"vm_start one 2 128; vm_expect ready {START_S}", START_S)
    ask = f"run {READ}; dmesg"
    machine.shell(f"cat >/run/ask <<'END'\n{ask}\nEND\ncat /run/ask >&8")
    answer = machine.shell("while read -r -t 60 line <&9; do echo \"$line\"; case \"$line\" in status*) break ;; esac; done", 120)
    found = tables(answer)
    assert {"DSDT", "FACP", "APIC", "MCFG"} <= set(found) and not {"DMAR", "IVRS"} & set(found), sorted(found)
    text = disassembled(found, pathlib.Path(folder) / "user-tables")
    header = (ROOT / "dm" / "machine.h").read_text(encoding="utf-8")
    assert window(found["MCFG"]) == (int(re.search(r"MACHINE_ECAM_BASE\s+(0x\w+?)ULL", header)[1], 16), 0, 0)
    assert text["APIC"].count("Processor Enabled : 1") == 2
    assert "Linux version" in answer and complaints(answer.partition("Linux version")[2]) == []
    machine.shell("vm_stop", 90)
