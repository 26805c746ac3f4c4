# SPDX-License-Identifier: Apache-2.0
"""./bulkhead run: a scenario with the console of the Service VM, or of the real-time VM, on this terminal."""
from tools.boot import BUILD, RT_TAGS, machine_for, tags
from tools.config.compile import load_scenario
from tools.config.picture import draw
from tools.machine import relative
from tools.progress import BOLD, colour, say

CONSOLES = {"service": "Service VM's", "rtvm": "real-time VM's"}


def group(name, images):
    """What ./bulkhead setup must have seen to before this scenario runs."""
    return "rt" if RT_TAGS & tags(load_scenario(name)) - set(images) else "run"


def run(args, images):
    scenario = load_scenario(args.scenario)
    folder = BUILD / "run" / scenario.name
    append = {scenario.data["service_vm"]["name"]: "bulkhead.mode=shell"}
    machine = machine_for(args.scenario, folder, append, images, mode="icount" if args.icount else "mttcg", interactive=True, terminal=args.console, extra=args.qemu)
    say(draw(scenario))
    say()
    say(f"This terminal becomes the {CONSOLES[args.console]} console.  " + colour(BOLD, "Ctrl-A x") + " leaves, Ctrl-A h lists other keys.")
    say("Other consoles, to watch with tail -f in a second terminal:")
    for console, what in (("hypervisor", "hypervisor's log"), ("service", "Service VM"), ("rtvm", "RTVM"), ("user", "User VMs")):
        if console != args.console:
            say(f"  {relative(machine.log(console)):<38} {what}")
    say()
    status = machine.run_interactive()
    if status != 0:
        say(f"QEMU ended with status {status}; its messages are in {relative(folder / 'qemu.log')}:\n{machine.tail('qemu', 5)}")
    return 0 if status == 0 else 1
