# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench --image: one file for a USB stick that boots on BIOS and on UEFI and measures each condition of its menu.

The stick has three parts: GRUB with the images (ISO 9660), GRUB for UEFI, and a small FAT file system that the Service VM writes results.txt to."""
import collections
import os
import pathlib
import shutil
import subprocess

import yaml

from tools import setup
from tools.bench import overlay
from tools.boot import BUILD, TABLE_TAG, boot_modules, known_images
from tools.config.compile import BOARDS, load_scenario
from tools.config.source import ROOT, Document, parse_bytes
from tools.evidence import provenance
from tools.images import modules
from tools.machine import HV
from tools.progress import BOLD, StepError, colour, run_step, say

MIB = 1 << 20
TARGETS_OF_BUILD = ("hv", "rtvm", "images", "guests")
BOARD, PORT = "qemu-q35", "0x3f8"
GUESTS = BUILD / "tests" / "guests"
GRUB = {"BIOS": "i386-pc", "UEFI": "x86_64-efi"}
TTYS = {0x3F8: "ttyS0", 0x2F8: "ttyS1", 0x3E8: "ttyS2", 0x2E8: "ttyS3"}
# Drivers of what a stick hangs on, and of its file system.
STICK_MODULES = ("xhci_pci", "ehci_pci", "usb_storage", "uas", "sd_mod", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1")
RESULTS_LABEL, RESULTS_SIZE = "BULKHEAD", 16 * MIB
SECTOR = 512
MOST_CORES = 4          # of the Service VM
SAMPLES, SAMPLES_QUICK = 60000, 500
# image: what is measured: the real-time image, or tests/guests/cost.c; load: what the Service VM does (tools/images/vm.sh); None: no Linux.
Condition = collections.namedtuple("Condition", "name key words load image", defaults=("rtvm",))
CONDITIONS = (
    Condition("bare", "b", "bare machine, without a hypervisor", None),
    Condition("alone", "a", "Bulkhead, the other cores halted", None),
    Condition("linux", "l", "Bulkhead beside Linux that idles", "none"),
    Condition("loaded", "o", "Bulkhead beside Linux and User VMs under load", "full"),
    Condition("storm", "s", "Bulkhead beside a storm of hypercalls, interrupts and User VMs", "storm"),
    Condition("nic-msix", "f", "round trip of a frame through an 82574 or 82576, bare machine", None),
    Condition("cost-bare", "n", "cost of instructions, bare machine", None, "cost"),
    Condition("cost-exclusive", "x", "cost of instructions that exit, on Bulkhead", None, "cost"),
)
BARE = ("bare", "nic-msix", "cost-bare")


def place_of(board, name):
    """Where the real-time VM, its shared region and the telemetry go: 72 MiB of RAM below 4 GiB, right behind the hypervisor's."""
    kept = board["hypervisor"]
    after = -(-(kept["address"] + parse_bytes(kept["size"])) // (2 * MIB)) * 2 * MIB
    for part in sorted(board["ram"], key=lambda part: part["address"]):
        start, end = max(part["address"], after), min(part["address"] + parse_bytes(part["size"]), 1 << 32)
        start = -(-start // (2 * MIB)) * 2 * MIB
        if end - start >= 72 * MIB:
            return start
    raise StepError(f"board {name} has no 72 MiB of RAM below 4 GiB behind the hypervisor's memory")


def scenario_of(board, name, condition, port=0x3F8):
    """The scenario of a condition on this board, as a mapping."""
    if board["cores"] < 2:
        raise StepError(f"board {name} has one core; the benchmark needs one for the real-time VM and one beside it")
    base, last = place_of(board, name), board["cores"] - 1
    linux = condition.load is not None
    cost = condition.image == "cost"
    service = {"name": "service", "cores": list(range(min(last, MOST_CORES))) if linux else [0], "shared": [{"name": "rt0"}],
               "image": {"type": "bzimage", "kernel": "service-kernel", "initrd": "service-initrd"} if linux else {"type": "multiboot", "kernel": "idle" if cost else "record"}}
    more = {"user_vms": {"max_vms": 2, "max_vcpus": 1, "cores": service["cores"]}} if linux else {}
    return {"name": f"stick-{condition.name}", "description": condition.words, "board": name, "allow_no_iommu": True,
            "telemetry": {"address": base + 66 * MIB}, "shared_memory": [{"name": "rt0", "address": base + 64 * MIB, "size": "1 MiB"}],
            "service_vm": service, **more,
            "prelaunched_vms": [{"name": "rtvm", "exclusive": True, "cores": [last], "memory": [{"gpa": 0, "address": base, "size": "64 MiB"}],
                                 "image": {"type": "multiboot", "kernel": condition.image}, "shared": [{"name": "rt0"}],
                                 **({"ports": [{"base": port, "count": 8}]} if cost else {})}]}


def words_of(condition, base, port, samples, build):
    """{VM: its command line}. The real-time VM has no console: what it measured is read from the shared region."""
    if condition.image == "cost":
        return {"rtvm": f"console={port:#x} record=1 condition={condition.name} build={build}"}
    count = f" count={samples}" if condition.load is None else ""
    words = {"rtvm": f"console=0 shm={base + 64 * MIB:#x} period_us=1000{count}"}
    if condition.load is None:
        words["service"] = f"console={port:#x} build={build}"
    else:
        words["service"] = (f"console=tty0 console={TTYS[port]},115200 panic=-1 quiet bulkhead.mode=/bench/stick.sh bulkhead.load={condition.load} "
                            f"bulkhead.samples={samples} bulkhead.condition={condition.name} bulkhead.build={build}")
    return words


def hypervisor_entry(folder, tree, board_path, condition, port, samples, build, images):
    """Copies what the condition boots and returns the commands for it."""
    board = Document(board_path, "board").data
    place = folder / condition.name
    place.mkdir(parents=True, exist_ok=True)
    # The results go to that port: the log falls silent once the table is accepted.
    changed = {**board, "log_port": 0} if board.get("log_port", 0) == port else board
    (place / "board.yaml").write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
    data = scenario_of(board, "board.yaml", condition, port)
    path = place / "scenario.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    scenario = load_scenario(path)
    base = place_of(board, board_path.name)
    lines = ["multiboot2 /boot/hv.elf"]
    copy_once(tree, HV, "hv.elf")
    for file, tag in boot_modules(scenario, place, words_of(condition, base, port, samples, build), images):
        name = f"{condition.name}.part" if tag == TABLE_TAG else f"{tag}"
        copy_once(tree, file, name)
        lines.append(f"module2 --nounzip /boot/{name} {tag}")     # GRUB would unpack the first of two archives
    return lines


def copy_once(tree, file, name):
    if not (tree / "boot" / name).exists():
        shutil.copyfile(file, tree / "boot" / name)


def board_file(name):
    """A file of one's own, or the name of one in configs/boards."""
    path = pathlib.Path(name) if name.endswith(".yaml") else BOARDS / f"{name}.yaml"
    if not path.exists():
        raise StepError(f"there is no board {name}; the boards are {', '.join(sorted(path.stem for path in BOARDS.glob('*.yaml')))}, or give a FILE.yaml")
    return path


def inspect_entry(port, images, tree):
    """Linux on the bare machine, which says what a board file needs."""
    copy_once(tree, images["service-kernel"], "service-kernel")
    copy_once(tree, images["service-initrd"], "service-initrd")
    return [f"linux /boot/service-kernel console=tty0 console={TTYS[port]},115200 panic=-1 quiet bulkhead.mode=/bench/stick.sh bulkhead.load=inspect",
            "initrd /boot/service-initrd"]


# GRUB knows the board's name and the time of day on every firmware. Without quotes their blanks stay blanks of the command line.
FACTS = """insmod smbios
insmod datehook
smbios --type 2 --get-string 4 --set maker
smbios --type 2 --get-string 5 --set product
smbios --type 1 --get-string 5 --set system
smbios --type 0 --get-string 5 --set firmware"""


def bare_entry(condition, tree, images, port, samples, build):
    copy_once(tree, images[condition.image], condition.image)
    nic = "nic=msix " if condition.name == "nic-msix" else ""
    words = f"pmtimer=0 {nic}period_us=1000 count={samples}" if condition.image == "rtvm" else f"condition={condition.name}"
    return [*FACTS.splitlines(),
            f"multiboot /boot/{condition.image} console={port:#x} record=1 {words} build={build} "
            "date=${YEAR}-${MONTH}-${DAY}T${HOUR}:${MINUTE} machine= $maker / $product / $system / $firmware"]


def menu(entries, port, build, board_name, inspect=()):
    """grub.cfg: a menu on the screen and on the serial line, which it needs not have."""
    unit = {0x3F8: 0, 0x2F8: 1, 0x3E8: 2, 0x2E8: 3}[port]
    lines = ["# Made by ./bulkhead bench --image.", f"if serial --unit={unit} --speed=115200; then", "    terminal_input console serial",
             "    terminal_output console serial", "fi", 'if [ "$grub_platform" = efi ]; then', "    insmod all_video", "fi", "set timeout=-1", "set default=0",
             f"echo 'Bulkhead benchmark {build}, for board {board_name}'"]
    for condition, commands in entries:
        lines.append(f"menuentry 'Measure: {condition.words}' --hotkey={condition.key} {{")
        lines += [f"    {command}" for command in commands]
        lines.append("}")
    lines += ["menuentry 'Inspect: what a board file says of this machine' --hotkey=i {", *(f"    {command}" for command in inspect), "}"]
    return "\n".join(lines + ["menuentry 'Start the machine again' --hotkey=r {", "    reboot", "}", ""])


def results_partition(path):
    """An empty FAT file system with the label that the Service VM looks for."""
    path.write_bytes(b"")
    os.truncate(path, RESULTS_SIZE)
    run_step("making the partition for the results", ["mformat", "-i", str(path), "-v", RESULTS_LABEL, "-T", str(RESULTS_SIZE // SECTOR), "-h", "64",
                                                       "-s", "32", "-N", "0b04d001", "::"], "bench-image")


def service_initrd(folder):
    """The shipped initial RAM disk with what the stick's Service VM runs besides."""
    files = {"bench/stick.sh": ROOT / "tests" / "bench" / "stick.sh", "bench/inspect.sh": ROOT / "tools" / "config" / "inspect.sh", "bench/record": GUESTS / "linux" / "record", "bench/storm": GUESTS / "linux" / "storm"}
    kernel, order = setup.service_kernel(), []
    place = folder / "modules"
    place.mkdir(parents=True, exist_ok=True)
    for path in modules.load_order(kernel, STICK_MODULES):
        name = modules.plain_name(path)
        (place / name).write_bytes(modules.read(path))
        files[f"bench/modules/{name}"] = place / name
        order.append(name)
    (place / "order").write_text("".join(f"{name}\n" for name in order), encoding="utf-8")
    files["bench/modules/order"] = place / "order"
    return overlay.with_files(BUILD / "images" / "service-initrd.gz", files, folder / "initrd.gz")


def missing_programs():
    return [name for name in ("grub-mkrescue", "xorriso", "mformat") if shutil.which(name) is None] + \
        [f"GRUB for {words}" for words, name in GRUB.items() if not pathlib.Path(f"/usr/lib/grub/{name}").exists()]


# REQ-TOO-012
def make(output, board_name, port, samples):
    """Writes the image; returns its path."""
    board_path = board_file(board_name)
    lacking = missing_programs()
    if lacking:
        raise StepError(f"an image cannot be made without {', '.join(lacking)}; run ./bulkhead setup --group stick")
    output, folder = pathlib.Path(output).absolute(), BUILD / "bench" / "image"
    if not output.parent.is_dir():
        raise StepError(f"{output} cannot be written: there is no folder {output.parent}")
    if output.exists() and not output.is_file():
        raise StepError(f"{output} is no file: write the image to one, then copy it to the stick with dd")
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "tree"
    (tree / "boot" / "grub").mkdir(parents=True)
    source = provenance.source()
    build = (source["commit"] or "unknown")[:12] + ("+" if source["dirty"] else "")
    images = {**known_images(), "record": GUESTS / "record_rt.elf", "cost": GUESTS / "cost.elf", "service-initrd": service_initrd(folder)}
    entries = [(condition, bare_entry(condition, tree, images, port, samples, build) if condition.name in BARE else
                hypervisor_entry(folder, tree, board_path, condition, port, samples, build, images)) for condition in CONDITIONS]
    (tree / "boot" / "grub" / "grub.cfg").write_text(menu(entries, port, build, board_path.stem, inspect_entry(port, images, tree)), encoding="utf-8")
    results = folder / "results.img"
    results_partition(results)
    output.unlink(missing_ok=True)
    run_step("making the image", ["grub-mkrescue", "-o", str(output), "--locales=", "--fonts=", "--themes=", str(tree), "--", "-volid", "BULKHEAD_BENCH",
                                  "-append_partition", "3", "0x0c", str(results)], "bench-image")
    return output


def run(args):
    """./bulkhead bench --image."""
    board, port = args.board or BOARD, args.serial or PORT
    path = make(args.image, board, int(port, 16), SAMPLES_QUICK if args.quick else SAMPLES)
    shown = os.path.relpath(path)
    say(f"written: {shown}, {path.stat().st_size >> 20} MiB, for board {board}; results go to the serial port {port}, 115200 baud")
    say(colour(BOLD, "Put it on a USB stick") + f" (this erases the stick): sudo dd if={shown} of=/dev/sdX bs=4M conv=fsync")
    say("Start the machine from the stick, choose each condition once, bring results.txt or the serial log home, then: ./bulkhead bench --import FILE")
    return 0
