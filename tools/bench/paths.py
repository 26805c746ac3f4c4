# SPDX-License-Identifier: Apache-2.0
"""Lengths of paths through more than the hypervisor: an interrupt between vCPUs, an access that the device model answers, the boot of Linux."""
import pathlib

from tools import setup
from tools.bench import overlay
from tools.bench.measure import GUESTS, PLAIN, TIMEOUT_S, hex_figures, printed_objects
from tools.boot import BUILD, machine_for
from tools.machine import ROOT, Machine, MachineError

SCENARIO = "tests/bench/bench.yaml"
HERE = ROOT / "tests" / "bench"
IDLE = GUESTS / "idle.elf"
ACCESSES = ("nothing", "port", "mmio", "dm_port", "dm_mmio")
SERVICE_DONE = r"^service: (bench done|FAILED.*)$|^.*Kernel panic.*$"
FIRST_PROGRAM = "rdinit=/bench/tsc"
SERVICE_WORDS = f"nokaslr quiet {FIRST_PROGRAM}"
USER_WORDS = f"quiet panic=-1 nokaslr {FIRST_PROGRAM}"
# The bare machine without what bhdm's has not. It keeps PIT and COM2 to COM4: without a PIT this kernel stops on a machine without a hypervisor.
LIKE_USER_VM = ("-machine", "i8042=off,hpet=off,sata=off,smbus=off", "-vga", "none", "-device", "virtio-rng-pci",
                "-drive", "file=build/images/user-disk.img,if=virtio,readonly=on,format=raw")


def spread(found, name):
    return {"least": found[name], "mean": found[f"{name} mean"], "most": found[f"{name} most"]}


def ipi_of(machine, console):
    """What tests/guests/ipi.c prints."""
    machine.wait_for(console, r"^done", TIMEOUT_S)
    text = machine.text(console)
    if "not ok" in text:
        raise MachineError(f"the guest says: {text.partition('not ok')[2].splitlines()[0]}", console)
    return spread(hex_figures(text), "ipi")


# REQ-TOO-007
def ipi(settings):
    """{side: ticks} from one halted vCPU to the other and back, on the bare machine, on exclusive cores, on shared ones."""
    image, place, scenario = GUESTS / "ipi.elf", settings.folder, "tests/bench/bench-ipi.yaml"
    machines = {
        "bare": (Machine(place / "ipi-bare", kernel=image, mode=PLAIN, append="console=0x3e8"), "rtvm"),
        "exclusive": (machine_for(scenario, place / "ipi-exclusive", images={"rtvm": image, "idle": IDLE}, mode=PLAIN), "rtvm"),
        "shared": (machine_for(scenario, place / "ipi-shared", {"service": "console=0x2f8"}, {"rtvm": IDLE, "idle": image}, mode=PLAIN), "service"),
    }
    found = {}
    for side, (machine, console) in machines.items():
        with machine:
            found[side] = ipi_of(machine, console)
    return found


def in_service_vm(place, script, files, words):
    """What the Service VM's console says when it runs that script of tests/bench, and the RTVM's core rests."""
    initrd = overlay.with_files(BUILD / "images" / "service-initrd.gz", {**files, f"bench/{script}": HERE / script}, place / "initrd.gz")
    append = {"service": f"{words} bulkhead.mode=/bench/{script}"}
    with machine_for(SCENARIO, place, append, {"service-initrd": initrd, "rtvm": IDLE}, mode=PLAIN) as machine:
        said = machine.wait_for("service", SERVICE_DONE, TIMEOUT_S)
        if said.group(1) != "bench done":
            raise MachineError(f"the Service VM says: {said.group(0)}", "service")
        return machine.text("service")


# REQ-TOO-007
def access(settings):
    """{kind: ticks} around one read of a User VM without an operating system, on the core of an otherwise idle Service VM."""
    files = {"bench/access.bz": GUESTS / "user" / "access.bz"}
    found = hex_figures(in_service_vm(settings.folder / "access", "access.sh", files, "nokaslr quiet"))
    return {kind: spread(found, kind) for kind in ACCESSES}


def bare_linux(place, kernel, initrd, words, **machine):
    """Ticks from the first instruction of that kernel's file to the first program, without the hypervisor. Where the firmware is done is told by
    a file in the kernel's place that prints its TSC at once (tests/guests/user/bzimage.S)."""
    extra = ["-initrd", str(initrd), *machine.pop("extra", ())]
    tsc = {}
    for image, name in ((GUESTS / "user" / "access.bz", "entry"), (kernel, "shell")):
        with Machine(place, kernel=image, mode=PLAIN, cores=1, append=f"console=ttyS1,115200 {words}", extra=extra, **machine) as run:
            tsc[name] = int(run.wait_for("service", rf"^{name} ([0-9a-f]{{16}})$", TIMEOUT_S).group(1), 16)
    return tsc["shell"] - tsc["entry"]


def linux_of(text):
    """{service, user}: ticks from each VM's start to its first program, of what tests/bench/linux_boot.sh prints."""
    found, (_, stats) = hex_figures(text), printed_objects(text)
    start = {vm["name"]: vm["start_tsc"] for vm in stats["vms"]}
    return {"service": found["shell"] - start["service"], "user": found["user shell"] - start["user"]}


# REQ-TOO-007
def linux_boot(settings):
    """{service, user: {bare, bulkhead}}: ticks from the kernel's first instruction to Linux's first program."""
    place, tsc = settings.folder, GUESTS / "linux" / "tsc"
    user = overlay.with_files(BUILD / "images" / "user-initrd.gz", {"bench/tsc": tsc}, place / "boot" / "user-initrd.gz")
    text = in_service_vm(place / "boot", "linux_boot.sh", {"bench/tsc": tsc, "bench/user-initrd.gz": user}, SERVICE_WORDS)
    here = linux_of(text)
    service = pathlib.Path(place / "boot" / "initrd.gz")
    bare = {"service": bare_linux(place / "boot-bare-service", setup.service_kernel().image, service, f"panic=-1 {SERVICE_WORDS}"),
            "user": bare_linux(place / "boot-bare-user", setup.user_kernel().image, user, USER_WORDS, memory="128M", extra=LIKE_USER_VM)}
    return {name: {"bare": bare[name], "bulkhead": here[name]} for name in here}
