# SPDX-License-Identifier: Apache-2.0
"""From a scenario to a machine that boots it: compiles the table, finds the file for each boot module."""
import pathlib

from tools import setup
from tools.config.check import image_tags
from tools.bochs import MODELS, Bochs
from tools.config.compile import compile_scenario, load_scenario, scenario_path
from tools.config.space import vms
from tools.config.errors import ConfigError
from tools.machine import ROOT, Machine, board_devices

BUILD = ROOT / "build"
TABLE_TAG = "partition-table"
MACHINES = {"qemu": Machine, "bochs": Bochs}
# Made only where ./bulkhead setup has run with that group, or test.
GROUPS = {"rt-kernel": "rt", "rt-initrd": "rt", "cloud-kernel": "bochs", "cloud-initrd": "bochs"}


def known_images():
    """{tag: file} of what the build makes; kernels only after ./bulkhead setup."""
    ready = setup.kernel_ready()
    cloud = ready and setup.cloud_headers_ready()
    kernels = {"service-kernel": setup.service_kernel() if ready else None, "cloud-kernel": setup.user_kernel() if cloud else None, "rt-kernel": setup.rt_kernel()}
    return {**{tag: kernel.image for tag, kernel in kernels.items() if kernel}, "service-initrd": BUILD / "images" / "service-initrd.gz",
            **({"cloud-initrd": BUILD / "images" / "cloud-initrd.gz"} if cloud else {}), "rt-initrd": BUILD / "images" / "rt-initrd.gz", "rtvm": BUILD / "rtvm" / "rtvm.elf", "idle": BUILD / "tests" / "guests" / "idle.elf"}


def tags(scenario):
    """Tags of all boot modules that its VMs ask for."""
    return {tag for _, vm in vms(scenario.data) for _, tag in image_tags(vm)}


def boot_modules(scenario, folder, append=None, images=None):
    """[(file, tag)] for the boot loader; the table is compiled into folder. images: {tag: file} of one's own."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "partition.part"
    table.write_bytes(compile_scenario(scenario, append))
    files = {**known_images(), **(images or {})}
    modules = [(table, TABLE_TAG)]
    for path, vm in vms(scenario.data):
        for key, tag in image_tags(vm):
            if tag not in files:
                where = ".".join(map(str, path + ("image",) + key))
                raise ConfigError([f"{scenario.document.name}: {where}: no file is known for the tag {tag}; give one with --module {tag}=FILE"
                                   + (f", or run ./bulkhead setup --group {GROUPS[tag]}" if tag in GROUPS else "")])
            if (files[tag], tag) not in modules:
                modules.append((files[tag], tag))
    return modules


def machine_of(scenario):
    """The emulator that is this scenario's board."""
    return scenario.board.get("machine", "qemu")


# REQ-TOO-011
def load_for(name, machine=None):
    """The scenario, or the one of the same name for that machine: demo on bochs is demo-bochs."""
    scenario = load_scenario(name)
    if machine in (None, machine_of(scenario)):
        return scenario
    variant = scenario_path(f"{name}-{machine}")
    if scenario_path(name) == name or not variant.exists():
        raise ConfigError([f"{scenario.document.name}: board: {scenario.data['board']} is no machine of {machine}, and there is no scenario "
                           f"{name}-{machine}; write one for a board with machine: {machine}"])
    return load_scenario(variant)


# REQ-TOO-016
def check_model(scenario, model):
    """ConfigError when the scenario cannot run on that CPU model of Bochs, before anything is built or started."""
    if model == "ryzen" and any(vm.get("exclusive") for _, vm in vms(scenario.data)):
        raise ConfigError([f"{scenario.document.name}: an exclusive VM needs x2APIC, which Bochs' model {model} lacks; use {', '.join(other for other in MODELS if other != model)}"])


def has_linux(scenario):
    """Linux takes interrupts and exceptions of all kinds at all times, which asks more of an emulator than a test guest does."""
    return any(vm["image"]["type"] == "bzimage" for _, vm in vms(scenario.data))


# REQ-TOO-011
def machine_for(name, folder, append=None, images=None, machine=None, **options):
    """A machine, not yet started, that boots this scenario. machine: 'qemu' or 'bochs'; None: the one of its board."""
    scenario = load_for(name, machine)
    if machine_of(scenario) == "qemu":
        options["extra"] = board_devices(scenario.board) + list(options.get("extra", ()))
    prepared = MACHINES[machine_of(scenario)](folder, boot_modules(scenario, folder, append, images), **options)
    prepared.exact = has_linux(scenario)
    return prepared
