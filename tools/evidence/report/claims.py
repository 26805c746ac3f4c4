# SPDX-License-Identifier: Apache-2.0
"""What the report says about each claim besides its result: how it is shown, what it leaves open, which clause asks for it.

The list of gates is in gates.py; what stands here for a gate that is not in that list is not used, and a gate without
words here is shown as such.
"""
import collections

Claim = collections.namedtuple("Claim", "name title command needs")
# What is claimed besides the gates: results come from ./bulkhead test, that of the mutants from the last long run.
CLAIMS = (
    Claim("rt-alone", "the real-time VM alone",
          ["./bulkhead", "test", "-k", "test_alone_it_has_exactly_the_bare_latency"], ("qemu-system-x86_64",)),
    Claim("rt-loaded", "the real-time VM beside loaded Linux VMs",
          ["./bulkhead", "test", "-k", "test_beside_linux_under_load_it_keeps_the_bare_latency_without_exits"], ("qemu-system-x86_64",)),
    Claim("rt-hung", "the real-time VM beside shared cores that hang",
          ["./bulkhead", "test", "-k", "test_all_shared_cores_hang"], ("qemu-system-x86_64",)),
    Claim("mutants", "seeded mistakes break the proofs", ["proofs/mutants.py", "--store"], ("frama-c", "why3", "z3", "cvc4", "cvc5")),
    Claim("tests", "all tests pass", ["./bulkhead", "test"], ("gcc", "clang", "qemu-system-x86_64")),
)

# Parts of the summary, in the order in which an assessor asks for them.
GROUPS = (
    ("Isolation", ("proofs", "assumptions", "mutants", "controls")),
    ("Real time", ("rt-loaded", "rt-alone", "rt-hung", "exclusive", "guard", "budget", "loops")),
    ("Sound code", ("eva", "parse", "misra", "stack", "size")),
    ("Tests", ("tests", "machines", "coverage")),
    ("Process", ("trace", "specification", "repro")),
)
OTHER = "Other"

# shows: how the figure comes about; open: what must not be taken from it; standard: (table of IEC 61508-3, technique).
Words = collections.namedtuple("Words", "shows open standard")
WORDS = {
    "proofs": Words(
        "Frama-C WP turns the contracts of stage 2, of the domains, of the tables of both kinds of IOMMU, of the filter of PCI configuration space, of the partition table's checks but for its device lists, of the hypercall "
        "dispatcher, of the life of User VMs and of the slots of I/O requests, and the isolation theorem, into proof goals; Qed, CVC4, Z3 and CVC5 "
        "prove them. Every goal is counted from WP's own report. In each unit a false canary goal must stay unproved, or its annotations contradict "
        "each other.",
        ["The proofs speak of the tables that the hypervisor builds, not of the processor that walks them: the hardware model is an assumption (see "
         "assumptions).",
         "Time, caches and other side channels are outside the theorem.",
         "A continuous-integration run replays committed prover answers; a run of all provers from nothing takes longer and has a command of its "
         "own."],
        [("A.5", "Formal verification"),
         ("A.9", "Formal proof")]),
    "assumptions": Words(
        "Everything that the proofs trust without proving it (contracts of hardware accessors, the memory and translation model, the lock "
        "discipline) is one entry with its reason and how it is tested. The gate compares the entries with the code: a trusted contract without an "
        "entry fails.",
        ["That an assumption is listed does not make it true; each names its test or its argument."],
        [("A.9", "Formal proof")]),
    "mutants": Words(
        "Mistakes are seeded into the proved code one at a time. Each must break the proof goal that was named for it beforehand, and that the same "
        "command proves without the mistake: a proof that nothing can break proves nothing. Smoke tests try to prove false behind each contract, "
        "branch, call and loop of the proved units; where that succeeds, the contracts contradict each other. In each unit they must find the "
        "contradictions that are put beside it.",
        ["The mutants are samples, chosen by hand; that all are noticed does not show that every mistake would be."],
        [("B.2", "Test case execution from error seeding"),
         ("A.9", "Formal proof")]),
    "controls": Words(
        "The hypervisor sets the intercepts of AMD-V and the control fields of VT-x from constant tables, one row a bit, with what a vCPU on a shared and "
        "one on an exclusive core wants of it. The tables are compiled and printed, and compared with a list of the bits that the manuals define. A bit "
        "without a row, with two rows or without a reason fails, and so does docs/exit-policy.md when it is not what the tables say.",
        ["The list of the manuals' bits was made by hand, from the editions that it names.",
         "Which MSRs and ports exit is in the permission maps, not in these tables."],
        [("B.8", "Design review")]),
    "machines": Words(
        "Pytest collects the system tests and runs none. Each is a test of QEMU (AMD-V) and of Bochs (Intel VT-x), or gives a reason of a closed list why it is "
        "not; the reason must have its sign in the source of the test, or of what it uses. The table shows what runs in each run, what only when long tests are "
        "asked for, and what does not and why; docs/system-tests.md is the same.",
        ["A sign in the source is a hint: it notices a reason that has gone, not one that was never good.",
         "How the tests ended is in the claim \"tests\"."],
        [("A.5", "Test management and automation tools")]),
    "eva": Words(
        "Frama-C Eva analyses the functions of core/ and devices/ by abstract interpretation, with unconstrained guest registers and guest memory "
        "and any state that satisfies the invariants. It reports each place where a run-time error (overflow, bad index, division by zero, "
        "uninitialised read) cannot be excluded.",
        ["Assembly and the hardware accessors of hv/x86 are replaced by their contracts.",
         "Eva shows the absence of run-time errors, not that the result is the right one."],
        [("B.8", "Static analysis of run time error behaviour"),
         ("B.8", "Data flow analysis"),
         ("B.8", "Control flow analysis")]),
    "parse": Words(
        "Every file of core/ and devices/ is read by Frama-C's front end, so that it stays within the language subset that can be analysed and "
        "proved.",
        ["Only that the files can be analysed, not the analysis."],
        [("A.3", "Language subset")]),
    "misra": Words(
        "Each guideline of MISRA C:2012 has an entry in the enforcement plan that names the tool or the review that checks it. Findings that remain "
        "carry a tag that leads to a deviation record with reason, risk and mitigation. A finding without a tag, a tag without a record and a "
        "record without a use all fail.",
        ["The checkers are not certified and miss violations of some guidelines; the enforcement plan names what each was seen to catch.",
         "Guidelines that are checked by review depend on the reviewer.",
         "The device model (dm/), the kernel module (hsm/) and the tools are not in the scope."],
        [("A.3", "Language subset"),
         ("B.1", "Use of coding standard to reduce likelihood of errors"),
         ("B.8", "Design review")]),
    "stack": Words(
        "The deepest path from each entry point is computed from the compiler's call graph and frame sizes, with indirect calls and assembly "
        "accounted for, and compared with the stack that the entry point really has.",
        ["Frame sizes are those of this compiler and these options; another build needs another run."],
        [("B.6", "Response timings and memory constraints"),
         ("B.8", "Control flow analysis")]),
    "size": Words(
        "The bytes from the hypervisor's first to its last address in memory, without the pool of page tables, and those of its machine code are "
        "read from the linked image and compared with docs/specification.md.",
        ["The pool of page tables is not in it: it is the product of two capacities, the number of VMs and the pages of each."],
        [("B.6", "Response timings and memory constraints")]),
    "exclusive": Words(
        "The compiler's call graph is followed from the run loop of an exclusive core. Nothing that it reaches has a waiting loop, and atomic "
        "operations stand only in the functions that are listed with their reason; so there is no lock on the way, and no other core can hold an "
        "exclusive one up.",
        ["A waiting loop is recognised by the PAUSE instruction in it; one without it would have to be found by review.",
         "Calls that constant tables rule out for exclusive vCPUs are cut by hand, each with its reason.",
         "Caches, memory and buses are shared with other cores whatever the code does."],
        [("A.2", "Static synchronisation of access to shared resources"),
         ("B.8", "Control flow analysis")]),
    "guard": Words(
        "The temporal guard. From the compiled hypervisor it is taken which functions wait, which touch the word of a lock or the stage-2 tables, and "
        "which make another core leave its guest; from the call graph, which of them the code of each kind of core can reach. A table says for whom "
        "each wait is and who ends it. No lock and no wait for a core may be reachable on an exclusive core; one that is waited for must have been told what "
        "for, with a limit of time; the tables of a pre-launched VM may be changed at boot only. A wait or kick without a line in the table fails.",
        ["A wait is recognised by PAUSE, by two functions of the hypervisor, and by the loops that the gate \"loops\" cannot bound.",
         "For which VM a function is called that can be called for several is a reason in words; the table names what shows it."],
        [("A.2", "Static synchronisation of access to shared resources"),
         ("B.8", "Control flow analysis"),
         ("B.8", "Data flow analysis")]),
    "loops": Words(
        "Every loop of the hypervisor counts to a constant or to a quantity with a limit, or runs at boot only, or stands in a list with its bound "
        "and the reason. A loop that none of this holds for fails, and so does a line of the list that no loop needs.",
        ["A loop that counts is recognised by its form; what is in the list was judged by the developers.",
         "Bounded is not short: how many instructions that makes is for the gate budget."],
        [("B.8", "Control flow analysis"),
         ("B.8", "Worst-case execution time analysis")]),
    "specification": Words(
        "Every number that Bulkhead promises stands in docs/specification.md with the command that enforces it. The gate finds that command and "
        "sees that it reads the number from there; the capacities are compared with the source.",
        ["That a number is enforced, not that it is good enough for a given system."],
        [("B.6", "Performance requirements")]),
    "budget": Words(
        "Two guests make every exit and every hypercall, with the arguments that cost most. A plugin of the emulator counts the host instructions "
        "from each VM exit to the next VM entry. The largest count seen is held to the budget in docs/specification.md.",
        ["Largest seen is not largest possible: paths that no test takes are not counted.",
         "Instructions are not time; caches and bus of the real machine are not in the count."],
        [("B.6", "Response timings and memory constraints"),
         ("B.8", "Worst-case execution time analysis")]),
    "tests": Words(
        "Unit tests run core/, devices/, the device model and the tools on the host under address and undefined-behaviour sanitizers; system tests "
        "boot the hypervisor with bare-metal and Linux guests, let guests misbehave, restart and die, and check what the others saw.",
        ["System tests run on an emulated machine; nothing here was measured on hardware.",
         "A skipped test is not a passed test; skipped ones are listed with their reason."],
        [("A.5", "Functional and black box testing"),
         ("A.5", "Dynamic analysis and testing"),
         ("A.5", "Test management and automation tools"),
         ("B.2", "Test case execution from boundary value analysis"),
         ("B.6", "Avalanche/stress testing")]),
    "coverage": Words(
        "The unit tests of core/ and devices/ run instrumented; statements, branches and conditions (MC/DC) that they did not take are listed. A "
        "gap is accepted only with a justification for its line in a file that the gate checks.",
        ["Coverage says what was executed, not that the outcome was checked.",
         "hv/boot and hv/x86 are reached only by the system tests and are not measured here."],
        [("B.2", "Structural test coverage (entry points, statements, branches, conditions MC/DC)")]),
    "trace": Words(
        "Every requirement names how it is verified; code, tests and proofs carry the requirement's id. The gate reads both sides: a requirement "
        "that nothing implements or verifies, and an id that no requirement has, fail.",
        ["That a test carries an id does not show that it verifies all of the requirement; this is for review."],
        [("A.4", "Forward traceability between the software safety requirements specification and software design"),
         ("A.9", "Forward traceability between the software design specification and the software verification plan"),
         ("A.9", "Backward traceability between the software verification plan and the software design specification")]),
    "repro": Words(
        "The images are built twice, in different folders. They must be identical to the last byte, so that anyone can check that a binary belongs "
        "to this source.",
        ["Shown for one version of compiler and binutils; another version gives another binary."],
        [("A.8", "Software configuration management")]),
    "rt-alone": Words(
        "The same real-time image runs on the bare emulated machine and on Bulkhead, in virtual time where one instruction is one nanosecond. "
        "Latency is the time from the programmed timer expiry to the first instruction of the handler. The two distributions must have the same "
        "minimum, median, 99th percentile and maximum, to the instruction.",
        ["Virtual time counts instructions. It shows that Bulkhead adds none; it says nothing about cache, bus or firmware interference on a real "
         "machine."],
        [("B.6", "Response timings and memory constraints"),
         ("B.6", "Performance requirements")]),
    "rt-hung": Words(
        "On three shared cores a guest leaves as often as it can. From outside, the next of them to enter the scheduler is sent into a loop, with "
        "the lock in its hands; the two others then wait for that lock. The real-time VM on the fourth core goes on: its samples are read from memory, "
        "its exits from the hypervisor's counters, through the emulator's debugger port. The hypervisor has no code for this test.",
        ["One way to hang is tried; that no other way reaches an exclusive core is shown by the gate \"exclusive\".",
         "Instructions of all cores share one clock here, so that the latency counts those of the hung cores, too.",
         "The emulator has no caches and no memory bus to contend for."],
        [("A.5", "Functional and black-box testing"),
         ("B.2", "Test case execution from error seeding")]),
    "rt-loaded": Words(
        "Service VM and User VM boot and work under load while the real-time VM runs its control loop on its own core. After its warm-up it must "
        "take no VM exit, its median latency must be the bare machine's, and its maximum within the limit of it. Two runs must give the same logs "
        "to the last byte.",
        ["Virtual time counts instructions. It shows that Bulkhead adds none; shared caches and memory bandwidth of a real machine are not "
         "modelled."],
        [("B.6", "Avalanche/stress testing"),
         ("B.6", "Response timings and memory constraints"),
         ("B.6", "Performance requirements")]),
}

# Limits that hold for all of it.
GENERAL_LIMITS = (
    "Nothing was measured on hardware. The machine is QEMU, which emulates a processor with AMD-V. Latency in cycles, cache and bus interference, "
    "firmware (SMI), and errata of real processors are not covered.",
    "On a machine without a usable IOMMU, where a scenario must say allow_no_iommu to start, a device of the Service VM can reach all memory by DMA and send any "
    "interrupt: isolation is then claimed against software, not against devices. With an IOMMU it is claimed against both, as far as SAFETY.md says; which VM may have "
    "which function is tested, not proved.",
    "Random hardware failures are outside: no diagnostic coverage and no failure rate is claimed. These belong to the system that integrates the "
    "hypervisor.",
    "Side channels (cache timing, speculation) are outside the isolation claim.",
    "User VMs are kept apart from each other by the Service VM, which is not a safety element.",
    "No assessment by a third party has taken place, and author and verifier are not independent persons in the sense of IEC 61508-1 clause 8.",
)

# class: of IEC 61508-4, 3.2.11; error: how a mistake of the tool would be noticed.
Tool = collections.namedtuple("Tool", "tool_class role error")
TOOLS = {
    "gcc": Tool("T3", "compiles the images", "unit tests with sanitizers; system tests run the compiled image; clang compiles the same sources"),
    "clang": Tool("T2", "second compiler, MC/DC instrumentation", "only warns and measures; the lines that ran are compared with gcov's"),
    "clang-19": Tool("T2", "MC/DC instrumentation", "only measures; the lines that ran are compared with gcov's"),
    "gcov": Tool("T2", "lines that ran", "only measures"),
    "objcopy": Tool("T3", "turns the linked image into the form that boot loaders take", "system tests run the result; the reproducible-build gate"),
    "objdump": Tool("T2", "reads the images for the stack gate", "calls and frames are compared with the compiler's own call graph"),
    "llvm-cov-19": Tool("T2", "reads the coverage", "only measures"),
    "llvm-profdata-19": Tool("T2", "reads the coverage", "only measures"),
    "ld": Tool("T3", "links the images", "system tests run the linked image"),
    "frama-c": Tool("T2", "proofs and value analysis", "canary goals, smoke tests and seeded mutants must fail"),
    "why3": Tool("T2", "hands proof goals to the provers", "canary goals and seeded mutants must fail"),
    "z3": Tool("T2", "proves goals", "three provers of different origin; canary goals must stay unproved"),
    "cvc4": Tool("T2", "proves goals", "three provers of different origin; canary goals must stay unproved"),
    "cvc5": Tool("T2", "proves goals", "three provers of different origin; canary goals must stay unproved"),
    "cppcheck": Tool("T2", "MISRA C:2012 findings", "a corpus of seeded violations; gcc and clang warnings overlap with it"),
    "clang-tidy": Tool("T2", "MISRA C:2012 findings", "a corpus of seeded violations"),
    "qemu-system-x86_64": Tool("T2", "the machine of the system tests", "does not change the image; its emulation is not validated against hardware"),
    "scons": Tool("T3", "drives the build", "the reproducible-build gate"),
    "git": Tool("T1", "configuration management", "content is addressed by its hash"),
    "python3": Tool("T2", "gates and this report", "each gate is tested with a seeded violation"),
}
