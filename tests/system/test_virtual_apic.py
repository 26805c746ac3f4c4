# SPDX-License-Identifier: Apache-2.0
"""The local APIC that a CPU has for guests: turned off, nothing but the exits differs."""
import pathlib
import re
import struct
import subprocess

import pytest

from tools.boot import BUILD
from tools.machine import HV

GUESTS = BUILD / "tests" / "guests"
HERE = pathlib.Path(__file__).parent / "guest"
SHARED = {"qemu": HERE / "shared.yaml", "bochs": HERE / "shared-bochs.yaml"}
ROUNDS, ACCESSES = 500, 7   # as in tests/guests/virtual_apic.c


def without_apic(folder):
    """The hypervisor with its word turned off that says whether such a local APIC is wanted (hv/x86/vmx/apic.c)."""
    image = bytearray(HV.read_bytes())
    symbols = subprocess.run(["nm", HV], check=True, capture_output=True, text=True).stdout
    address = int(re.search(r"^([0-9a-f]+) . vmx_apic_wanted$", symbols, re.M).group(1), 16)
    for entry in range(struct.unpack_from("<H", image, 44)[0]):         # program headers of ELF32
        kind, offset, start, _, size = struct.unpack_from("<5I", image, struct.unpack_from("<I", image, 28)[0] + 32 * entry)
        if kind == 1 and start <= address < start + size:
            assert image[offset + address - start] == 1, "it is on"
            image[offset + address - start] = 0
    made = folder / "hv-without-apic.elf"
    made.write_bytes(image)
    return made


def run(start, on, name, **options):
    machine = start(SHARED[on.partition(":")[0]], images={"idle": GUESTS / f"{name}.elf"}, **options)
    machine.wait_for("service", r"^done", timeout=60)
    text = machine.text("service")
    assert re.findall(r"^not ok .*", text, re.M) == []
    return text


def exits(text):
    assert len(re.findall(r"^ok ", text, re.M)) == 18
    return int(re.search(r"^exits ([0-9a-f]{16})", text, re.M).group(1), 16)


@pytest.mark.machines("bochs:skylake_x", "bochs:sapphire_rapids", "bochs:haswell")
@pytest.mark.long_on("bochs:sapphire_rapids", "bochs:haswell")
@pytest.mark.not_on("qemu", "vt-x")
# REQ-INT-033
def test_priorities_requests_and_ends_make_no_exit_where_the_cpu_has_a_local_apic_for_guests(start, on):
    assert exits(run(start, on, "virtual_apic")) <= ROUNDS / 50, "but for what VT-x's preemption timer and others do meanwhile"


@pytest.mark.machines("qemu", "bochs")
# REQ-INT-033
def test_without_it_the_guest_gets_the_same_answers(start, on, folder):
    assert exits(run(start, on, "virtual_apic", kernel=without_apic(folder))) >= ROUNDS * (ACCESSES - 2)


@pytest.mark.not_on("qemu", "vt-x")
@pytest.mark.parametrize("name", ["interrupts", "both"])
# REQ-INT-033 REQ-INT-011
def test_other_guests_run_without_it_as_with_it(start, on, folder, name):
    run(start, on, name, kernel=without_apic(folder))


@pytest.mark.not_on("qemu", "vt-x")
@pytest.mark.parametrize("words", ["busy", ""])
# REQ-INT-033 REQ-INT-029
def test_interrupts_between_two_vcpus_are_lent_and_come(start, on, words):
    """Each is posted while VT-x has the receiver's registers, or while that is halted."""
    text = run(start, on, "ipi", append={"service": f"console=0x2f8 {words}"})
    assert "ok each was answered\n" in text and (words == "" or "ok no kick is lost\n" in text)
