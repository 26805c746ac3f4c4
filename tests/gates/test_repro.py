# SPDX-License-Identifier: Apache-2.0
"""scons repro fails on images that depend on when or where they are built."""
GATE = ("-m", "tools.evidence.repro")
MAIN = "hv/boot/main.c"
BANNER = 'log_line("boot", "Bulkhead hypervisor");'


def test_the_time_of_the_build_in_the_image(gate, project):
    project.replace(MAIN, BANNER, 'log_line("boot", "Bulkhead hypervisor " __TIME__);')
    text = gate.fails(f"{MAIN}:", "takes the date or time of the build")
    assert "hv/hv.elf:0: two builds differ" in text


def test_the_folder_of_the_build_in_the_image(gate, project):
    project.replace("SConstruct", '[f"-ffile-prefix-map={Dir(\'#\').abspath}=."]', '["-g"]')
    gate.fails("hv/hv.elf64:0: contains the name of the folder that it was built in")
