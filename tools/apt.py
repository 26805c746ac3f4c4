# SPDX-License-Identifier: Apache-2.0
"""Debian packages, without touching the host's apt configuration.

A private list of sources and private package lists live in build/apt: the host's own Debian
sources as apt reports them and, on Debian 12, the backports suite of the same mirror. Downloads
need no rights; only an installation does."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
APT = ROOT / "build" / "apt"
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg")
# No caches of the host's, no translations, and downloads as the user who runs this.
QUIET_CACHE = {"Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "", "APT::Get::List-Cleanup": "0", "Acquire::Languages": "none",
               "Acquire::Retries": "3", "APT::Sandbox::User": "root"}
LOCALE = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


class AptError(Exception):
    pass


def output(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=LOCALE, check=False)
    return done.stdout


def release():
    """('12', 'bookworm'); AptError when this is no Debian that is supported."""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', pathlib.Path("/etc/os-release").read_text(encoding="utf-8"), re.M))
    version, codename = fields.get("VERSION_ID", ""), fields.get("VERSION_CODENAME", "")
    if fields.get("ID") != "debian" or version not in ("12", "13"):
        raise AptError(f"this is {fields.get('PRETTY_NAME', 'an unknown system')}; packages can be installed on Debian 12 and 13. "
                       "Run in a Debian 12 or 13 machine or container")
    return version, codename


def installed():
    """{package: version} of what dpkg has fully installed."""
    text = output(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n"])
    return {name: version for status, name, version in (line.split(" ", 2) for line in text.splitlines() if line.count(" ") == 2)
            if status == "installed"}


def version_at_least(version, least):
    return subprocess.run(["dpkg", "--compare-versions", version, "ge", least], check=False).returncode == 0


def host_sources(codename):
    """[(site, suite, component)] of the Debian archives that the host uses."""
    form = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    found = []
    for line in output(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).splitlines():
        site, suite, component, origin = (line.split("|") + [""] * 4)[:4]
        if origin.startswith("Debian") and component == "main":
            found.append((site, suite, component))
    if not any(suite == codename for _, suite, _ in found):
        # No package lists yet, as in a fresh container: ask what an update would fetch.
        uris = output(["apt-get", "update", "--print-uris", "-o", f"Dir::State::Lists={private_lists('none')}"])
        found += re.findall(r"^'(\S+?)/?dists/(\S+?)/(main)/binary-\w+/Packages\S*'", uris, re.M)
    found = [entry for entry in dict.fromkeys(found) if re.split(r"[-/]", entry[1])[0] == codename and not entry[0].startswith("cdrom:")]
    if not any(suite == codename for _, suite, _ in found):
        raise AptError(f"apt has no Debian source for {codename}; add your mirror to /etc/apt/sources.list")
    return found


def private_lists(name="lists"):
    folder = APT / name
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    return folder


def key_option():
    """What a line of a sources.list says about the archive's key."""
    key = next((path for path in KEYRINGS if os.path.exists(path)), None)
    return f"[signed-by={key}] " if key else ""


def write_sources(backports):
    version, codename = release()
    sources = host_sources(codename)
    main_site = next(site for site, suite, _ in sources if suite == codename)
    if backports and version == "12" and not any(suite == f"{codename}-backports" for _, suite, _ in sources):
        sources.append((main_site, f"{codename}-backports", "main"))
    text = "".join(f"deb {key_option()}{site} {suite} {component}\n" for site, suite, component in sources)
    APT.mkdir(parents=True, exist_ok=True)
    path = APT / "sources.list"
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    return changed


def words(chosen):
    return [word for key, value in chosen.items() for word in ("-o", f"{key}={value}")]


def options(for_install=False):
    """Options that make an apt command use the private sources and lists."""
    chosen = {"Dir::Etc::SourceList": APT / "sources.list", "Dir::Etc::SourceParts": "/dev/null", "Dir::State::Lists": private_lists(), **QUIET_CACHE}
    if not for_install:
        (APT / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        chosen["Dir::Cache::archives"] = APT / "archives"
    return words(chosen)


def sudo():
    """Words in front of a command that needs root."""
    if os.geteuid() == 0:
        return []
    if subprocess.run(["sh", "-c", "command -v sudo"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise AptError("packages are missing and there is no sudo; run ./bulkhead setup once as root")
    return ["sudo"]


def depends(package):
    """Names of the packages that this one needs."""
    text = output(["apt-cache"] + options() + ["depends", "--no-recommends", "--no-suggests", package])
    return re.findall(r"^\s+Depends: ([^<\s]+)$", text, re.M)


def names(prefix):
    """All packages whose name begins like this."""
    return output(["apt-cache"] + options() + ["pkgnames", prefix]).split()


def candidate(package):
    found = re.search(r"Candidate: (\S+)", output(["apt-cache"] + options() + ["policy", package]))
    return found.group(1) if found and found.group(1) != "(none)" else None
