# SPDX-License-Identifier: Apache-2.0
"""./bulkhead setup: the Debian packages and kernels that the rest needs. Does nothing the second time."""
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

from tools import apt, bochs_package
from tools.progress import ROOT, StepError, colour, BOLD, run_step, say

KERNELS = ROOT / "build" / "kernels"
STAMP = KERNELS / "stamp.json"
RT_STAMP = KERNELS / "rt" / "version"            # goes with the folder
RT_NETWORK = "e1000e.ko*"     # of Debian's PREEMPT_RT kernel: a driver that is not built in
NEWER_STAMP = KERNELS / "headers" / "newer"      # goes with the folder
CLOUD_STAMP = KERNELS / "headers" / "cloud"      # likewise
QEMU_LEAST = "1:9"

# package: (group, why). Group "run" is what demo and run need; "rt" is needed besides by a scenario with the PREEMPT_RT VM; "bochs" by
# one that runs on Bochs; "test" is needed by ./bulkhead test besides all of these;
# "evidence" is for ./bulkhead evidence alone.
PACKAGES = {
    "gcc": ("run", "compiles hypervisor, device model and kernel module"),
    "libc6-dev": ("run", "C library headers"),
    "binutils": ("run", "linker and objcopy"),
    "make": ("run", "drives the kernel's module build"),
    "scons": ("run", "the build"),
    "python3-yaml": ("run", "reads scenarios"),
    "python3-jsonschema": ("run", "checks scenarios"),
    "perl": ("run", "kernel module build (kernel-doc)"),
    "kmod": ("run", "module dependencies of the images"),
    "xz-utils": ("run", "unpacks kernel modules"),
    "busybox-static": ("run", "user space of the images"),
    "acpica-tools": ("run", "compiles the User VM's ACPI tables"),
    "e2fsprogs": ("run", "makes the User VM's disk image"),
    "libelf1": ("run", "kernel module build (objtool)"),
    "qemu-system-x86": ("run", "the emulated machine, version 9 or newer"),
    "rt-tests": ("rt", "cyclictest, for the PREEMPT_RT VM's image"),
    "rtla": ("rt", "the kernel's own latency tracers, for the same image; Debian 12 and later have it"),
    "clang": ("test", "second compiler"),
    "clang-19": ("test", "coverage of the unit tests: the first that measures MC/DC"),
    "libclang-rt-19-dev": ("test", "coverage of the unit tests"),
    "llvm-19": ("test", "coverage of the unit tests"),
    "python3-pytest": ("test", "system tests"),
    "python3-pytest-xdist": ("test", "tests of several files at a time"),
    "cppcheck": ("test", "MISRA C:2012 rules"),
    "clang-tidy": ("test", "MISRA C:2012 rules"),
    "libcmocka-dev": ("test", "unit tests"),
    "babeltrace2": ("test", "reads the traces that bhctl writes as CTF"),
    "sparse": ("test", "checks the kernel module"),
    "frama-c-base": ("test", "parses core/ and devices/, replays proofs"),
    "why3": ("test", "proofs"),
    "z3": ("test", "proofs"),
    "cvc4": ("test", "proofs"),
    "cvc5": ("test", "proofs"),
    "ovmf": ("test", "UEFI boot"),
    "bochs": ("bochs", "the emulated machine with VT-x, version 3.0 or newer"),
    "bochs-term": ("bochs", "the least of the user interfaces of which Bochs' package wants one"),
    "bochsbios": ("bochs", "its firmware"),
    "vgabios": ("bochs", "its firmware"),
    "grub-pc-bin": ("grub", "boot by GRUB on BIOS"),
    "grub-common": ("grub", "makes boot images"),
    "xorriso": ("grub", "makes boot images"),
    "grub-efi-amd64-bin": ("stick", "boot by GRUB on UEFI"),
    "mtools": ("stick", "makes boot images and their FAT file systems"),
    "weasyprint": ("evidence", "makes the PDF of the evidence report"),
    "fonts-open-sans": ("evidence", "its typeface"),
}
DEBIAN_13 = {"libelf1": "libelf1t64"}
UNPACKED_ON_12 = set(bochs_package.PACKAGES)     # too old there: tools/bochs_package.py
PARTS = {"rt": ("run", "rt"), "bochs": ("run", "grub", "bochs"), "stick": ("run", "grub", "stick"), "test": ("run", "rt", "grub", "bochs", "stick", "test")}


def wanted(group, version):
    """{package: why} for that group on that release."""
    names = {name: why for name, (part, why) in PACKAGES.items() if part in PARTS.get(group, (group,))}
    if version == "13":
        return {DEBIAN_13.get(name, name): why for name, why in names.items()}
    return {name: why for name, why in names.items() if name not in UNPACKED_ON_12}


def missing_packages(packages):
    have = apt.installed()
    missing = {name: why for name, why in packages.items() if name not in have}
    qemu = have.get("qemu-system-x86")
    if qemu and not apt.version_at_least(qemu, QEMU_LEAST):
        missing["qemu-system-x86"] = f"{PACKAGES['qemu-system-x86'][1]} (installed: {qemu})"
    return missing


@functools.cache    # once a run is enough
def update_lists():
    apt.write_sources(backports=True)
    run_step("reading the package lists of your Debian mirror", ["apt-get"] + apt.options() + ["-q", "update"], "apt-update", env=apt.LOCALE)


def install(missing):
    version, codename = apt.release()
    say(f"{len(missing)} Debian package{'s' if len(missing) > 1 else ''} to install:")
    for name, why in missing.items():
        say(f"  {name:<20} {why}")
    rights = apt.sudo()
    update_lists()
    names = []
    for name in missing:
        if apt.candidate(name) is not None:
            names.append(name)
        elif PACKAGES.get(name, ("run",))[0] != "run":
            say(f"  {name} is not in this release: what needs it will be skipped")
        else:
            raise StepError(f"your Debian mirror does not have {name}; see build/apt/sources.list")
    if rights:
        say("  (sudo may ask for your password)")
        subprocess.run(rights + ["-v"], check=False)
    backports = [name for name in names if name == "qemu-system-x86" and version == "12"]
    install_names(rights, [name for name in names if name not in backports])
    # A suite of its own, so that nothing else is taken from backports but what QEMU needs.
    install_names(rights, backports, ["-t", f"{codename}-backports"])
    still = list(missing_packages({name: missing[name] for name in names}))
    if still:
        raise StepError(f"still missing after the installation: {', '.join(still)}; see build/logs/apt-install.log")


def install_names(rights, names, extra=()):
    if names:
        proxies = [f"{name}={os.environ[name]}" for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ]    # sudo drops them
        command = rights + ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", *proxies, "apt-get"] + apt.options(for_install=True)
        command += ["-q", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *extra, "install", *names]
        title = names[0] if len(names) == 1 else f"{len(names)} packages"
        run_step(f"installing {title}", command, "apt-install", env=apt.LOCALE, watch=install_watch)


def last_words(log, pattern):
    """The last line of a log that matches, shortened."""
    path = ROOT / "build" / "logs" / f"{log}.log"
    lines = re.findall(pattern, path.read_text(errors="replace"), re.M) if path.exists() else []
    return lines[-1][:60] if lines else ""


def install_watch():
    return last_words("apt-install", r"^(?:Get:\d+|Unpacking|Setting up) .*")


def need_python_packages():
    """PyYAML and jsonschema, which ./bulkhead config needs and nothing else."""
    try:
        import jsonschema
        import yaml
        del jsonschema, yaml
    except ImportError:
        install({name: PACKAGES[name][1] for name in ("python3-yaml", "python3-jsonschema")})


class Kernel:
    """One unpacked Debian kernel: bzImage and modules."""

    def __init__(self, folder, version):
        self.folder, self.version = pathlib.Path(folder), version
        self.image = self.folder / "boot" / f"vmlinuz-{version}"
        modules = self.folder / "lib" / "modules" / version
        self.modules = modules if modules.exists() else self.folder / "usr" / "lib" / "modules" / version


def read_stamp():
    """What is unpacked under build/kernels, or None."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def service_kernel():
    return Kernel(KERNELS / "service", read_stamp()["service"])


def user_kernel():
    return Kernel(KERNELS / "user", read_stamp()["user"])


def rt_kernel():
    """Debian's PREEMPT_RT kernel: its image, with a module for its network alone, or None."""
    return Kernel(KERNELS / "rt", RT_STAMP.read_text(encoding="utf-8").strip()) if RT_STAMP.exists() else None


def rt_network_module():
    """The file of that module, or None."""
    found = sorted(rt_kernel().modules.rglob(RT_NETWORK)) if rt_kernel() is not None else []
    return found[0] if found else None


def headers_folder():
    """Folder for make -C that builds modules for the Service VM's kernel."""
    return KERNELS / "headers" / "usr" / "src" / f"linux-headers-{read_stamp()['service']}"


def kernel_ready():
    stamp = read_stamp()
    return stamp is not None and stamp.get("form") == 1 and service_kernel().image.exists() and user_kernel().image.exists() \
        and (headers_folder() / "Makefile").exists()


def versioned(package, prefix):
    found = [name for name in apt.depends(package) if name.startswith(prefix)]
    if not found:
        raise StepError(f"{package} names no {prefix} package; is your mirror complete? (build/apt/sources.list)")
    return found[0]


def downloaded(folder):
    """Bytes of packages in the folder and of those that apt is still fetching."""
    parts = list(folder.glob("*.deb")) + list((apt.APT / "archives" / "partial").glob("*.deb"))
    return sum(path.stat().st_size for path in parts if path.exists())


def header_packages(abi):
    """What it takes to build modules for a kernel; the first is the one that names the others."""
    headers = f"linux-headers-{abi}"
    return [headers] + [name for name in apt.depends(headers) if re.match(r"linux-(headers-.*-common|kbuild-)", name)]


def download(folder, names):
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    run_step(f"downloading {names[0]}{more}", ["apt-get"] + apt.options() + ["-q", "download"] + names, "kernel-download",
             cwd=folder, env=apt.LOCALE, watch=lambda: f"{downloaded(folder) >> 20} MiB")


def unpack(debs, packages, folder):
    for package in packages:
        run_step(f"unpacking {package}", ["dpkg-deb", "-x", str(next(debs.glob(f"{package}_*.deb"))), str(KERNELS / folder)], f"unpack-{folder}")


def add_headers(packages):
    """Unpacks header packages beside the others; the first is the one that names the others."""
    debs = KERNELS / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    download(debs, packages)
    unpack(debs, packages, "headers")
    relocate_headers(KERNELS / "headers", packages[0].removeprefix("linux-headers-"))
    shutil.rmtree(debs)


def newer_headers_ready():
    """True when it was settled whether there are headers of a second kernel."""
    return apt.release()[0] != "12" or NEWER_STAMP.exists()


def fetch_newer_headers():
    """Debian 12: headers of 6.12 from backports, so that the module is built for that kernel, too."""
    update_lists()
    names = apt.names("linux-headers-6.12.")
    abis = [name.removeprefix("linux-headers-") for name in names if re.fullmatch(r"linux-headers-6\.12\.\d+\+deb12-amd64", name)]
    if not abis:
        say("No linux-headers-6.12 in the backports of your mirror: the module is built for the Service VM's kernel only.")
        NEWER_STAMP.write_text("none\n", encoding="utf-8")
        return
    packages = header_packages(max(abis, key=lambda abi: int(re.search(r"6\.12\.(\d+)", abi).group(1))))
    add_headers(packages)
    NEWER_STAMP.write_text(f"{packages[0]}\n", encoding="utf-8")


def cloud_headers_ready():
    """True when the module can be built for the cloud kernel that is unpacked."""
    return CLOUD_STAMP.exists() and CLOUD_STAMP.read_text(encoding="utf-8").strip() == read_stamp()["user"]


# REQ-TOO-014
def fetch_cloud_headers():
    """Headers of the User VMs' kernel, which is the Service VM's, too, where a CPU is slow: it is packed with LZ4, not XZ."""
    update_lists()
    if apt.candidate(f"linux-headers-{read_stamp()['user']}") is None:
        fetch_kernels()     # the mirror has gone on to the next
    abi = read_stamp()["user"]
    headers, *more = header_packages(abi)
    add_headers([headers] + [name for name in more if not os.path.lexists(KERNELS / "headers" / "usr" / "src" / name)])
    CLOUD_STAMP.write_text(f"{abi}\n", encoding="utf-8")


def fetch_rt_kernel():
    update_lists()
    if apt.candidate("linux-image-rt-amd64") is None:
        say("No linux-image-rt-amd64 in your mirror: the tests that boot it will be skipped.")
        return
    package = versioned("linux-image-rt-amd64", "linux-image-")
    debs = KERNELS / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    download(debs, [package])
    unpack(debs, [package], "rt")
    for path in (KERNELS / "rt").rglob("*.ko*"):     # 300 MB
        if not path.match(RT_NETWORK):
            path.unlink()
    RT_STAMP.write_text(package.removeprefix("linux-image-") + "\n", encoding="utf-8")
    shutil.rmtree(debs)


# REQ-TOO-010
def fetch_bochs(group):
    """Without it the tests that need it are skipped, and who asked for it is told."""
    try:
        bochs_package.fetch()
    except (StepError, apt.AptError) as error:
        if group == "bochs":
            raise
        say(f"{error}\nWithout Bochs {bochs_package.LEAST} the tests that run on it will be skipped.")


def fetch_kernels():
    """Downloads and unpacks the kernels and headers; installs nothing."""
    say("Debian kernels for the VMs (unpacked under build/kernels, not installed):")
    update_lists()
    service = versioned("linux-image-amd64", "linux-image-")
    user = versioned("linux-image-cloud-amd64", "linux-image-")
    abi = service.removeprefix("linux-image-")
    headers, *more = header_packages(abi)
    debs = KERNELS / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    download(debs, [service, user, headers] + more)
    for folder, packages in (("service", [service]), ("user", [user]), ("headers", [headers] + more)):
        shutil.rmtree(KERNELS / folder, ignore_errors=True)
        unpack(debs, packages, folder)
    relocate_headers(KERNELS / "headers", abi)
    digests = {deb.name: hashlib.sha256(deb.read_bytes()).hexdigest() for deb in sorted(debs.glob("*.deb"))}
    STAMP.write_text(json.dumps({"form": 1, "service": abi, "user": user.removeprefix("linux-image-"), "sha256": digests}, indent=1) + "\n",
                     encoding="utf-8")
    shutil.rmtree(debs)


def relocate_headers(folder, abi):
    """Debian's header packages name /usr/src and /usr/lib; here they lie under build/."""
    makefile = folder / "usr" / "src" / f"linux-headers-{abi}" / "Makefile"
    text = makefile.read_text(encoding="utf-8")
    makefile.write_text(re.sub(r"(?<![\w.])/usr/(src|lib)/", f"{folder}/usr/\\1/", text), encoding="utf-8")
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = pathlib.Path(root) / name
            target = os.readlink(path) if path.is_symlink() else ""
            if target.startswith("/usr/"):
                path.unlink()
                path.symlink_to(f"{folder}{target}")


def run(group="test", quiet=False):
    """Makes sure of packages and kernels. group: 'run' for demo and run, 'rt' for a run with the PREEMPT_RT VM, 'bochs' for one on Bochs,
    'stick' for an image that boots a machine, 'test' for all, 'evidence' for the report (no kernels)."""
    version, _ = apt.release()
    missing = missing_packages(wanted(group, version))
    if missing:
        install(missing)
    if group == "evidence":
        return
    if not kernel_ready():
        fetch_kernels()
    if group in ("bochs", "test") and not cloud_headers_ready():
        fetch_cloud_headers()
    if group == "test" and not newer_headers_ready():
        fetch_newer_headers()
    if group in ("rt", "test") and rt_network_module() is None:
        fetch_rt_kernel()
    if group in ("bochs", "test") and not bochs_package.ready():
        fetch_bochs(group)
    if not quiet:
        say(f"{colour(BOLD, 'Ready.')} Packages installed; Service VM kernel {read_stamp()['service']}, User VM kernel {read_stamp()['user']}.")
