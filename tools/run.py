# SPDX-License-Identifier: Apache-2.0
"""./bulkhead run: a scenario with the console of the Service VM, or of the real-time VM, on this terminal."""
from tools.boot import BUILD, GROUPS, check_model, load_for, machine_for, machine_of, tags
from tools.config.picture import draw
from tools.machine import relative
from tools.progress import BOLD, StepError, colour, say

CONSOLES = {"service": "Service VM's", "rtvm": "real-time VM's"}


def machine_for_run(name, machine=None):
    return machine_of(load_for(name, machine))


def groups(name, images, machine=None):
    """What ./bulkhead setup must have seen to before this scenario runs."""
    scenario = load_for(name, machine)
    needed = {GROUPS[tag] for tag in tags(scenario) - set(images) if tag in GROUPS} | {machine_of(scenario)}
    return ["rt" if "rt" in needed else "run"] + ["bochs"] * ("bochs" in needed)


def run(args, images):
    scenario = load_for(args.scenario, args.machine)
    if args.qemu and machine_of(scenario) != "qemu":
        raise StepError(f"--qemu is for QEMU, and {scenario.name} runs on {machine_of(scenario)}")
    check_model(scenario, args.model)
    folder = BUILD / "run" / scenario.name
    append = {scenario.data["service_vm"]["name"]: "bulkhead.mode=shell"}
    machine = machine_for(args.scenario, folder, append, images, machine=args.machine, mode="icount" if args.icount else "mttcg", interactive=True,
                          terminal=args.console, extra=args.qemu, **({"cpu": args.model} if args.model else {}))
    say(draw(scenario))
    say()
    say(f"This terminal becomes the {CONSOLES[args.console]} console.  " + colour(BOLD, "Ctrl-A x") + " leaves" + (", Ctrl-A h lists other keys." if machine.name == "qemu" else "."))
    say("Other consoles, to watch with tail -f in a second terminal:")
    for console, what in (("hypervisor", "hypervisor's log"), ("service", "Service VM"), ("rtvm", "RTVM"), ("user", "User VMs")):
        if console != args.console:
            say(f"  {relative(machine.log(console)):<38} {what}")
    say()
    status = machine.run_interactive()
    if status != 0:
        say(f"{machine.name} ended with status {status}; its messages are in {relative(machine.log(machine.name))}:\n{machine.tail(machine.name, 5)}")
    return 0 if status == 0 else 1
