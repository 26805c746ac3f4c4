# SPDX-License-Identifier: Apache-2.0
"""scons repro fails on images that depend on when or where they are built."""
MAIN = "hv/boot/main.c"
BANNER = 'log_line("boot", "Bulkhead hypervisor");'


def test_the_time_of_the_build_in_the_image(project):
    project.replace(MAIN, BANNER, 'log_line("boot", "Bulkhead hypervisor " __TIME__);')
    status, text = project.run("-m", "tools.evidence.repro")
    assert status == 1, text
    assert f"{MAIN}:" in text and "takes the date or time of the build" in text
    assert "hv/hv.elf:0: two builds differ" in text


def test_the_folder_of_the_build_in_the_image(project):
    project.replace("SConstruct", '[f"-ffile-prefix-map={Dir(\'#\').abspath}=."]', '["-g"]')
    status, text = project.run("-m", "tools.evidence.repro")
    assert status == 1, text
    assert "hv/hv.elf64:0: contains the name of the folder that it was built in" in text
