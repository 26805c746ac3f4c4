# SPDX-License-Identifier: Apache-2.0
# Completion of bhdm for bash; install as /usr/share/bash-completion/completions/bhdm
_bhdm() {
    local word=${COMP_WORDS[COMP_CWORD]} option= typed= i words=
    # A colon is a word of its own for readline: what was typed is all behind the last option.
    for ((i = COMP_CWORD; i > 0; i--)); do
        if [[ $i != "$COMP_CWORD" && ${COMP_WORDS[i]} == --* ]]; then option=${COMP_WORDS[i]}; break; fi
        typed=${COMP_WORDS[i]}$typed
    done
    [[ $word == : ]] && word=
    if [[ $word == --* ]]; then option=; typed=$word; fi
    case $option in
        --kernel|--initrd|--pidfile|--events|--status-file|--hsm) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        --console|--serial) words="stdio none pty file: unix: /dev/" ;;
        --net) words="link:" ;;
        --pci) for i in /sys/bus/pci/devices/0000:*; do words+=" ${i##*/0000:}"; done ;;
        --ivshmem) for i in /sys/bus/pci/drivers/bulkhead_hsm/*:*/region_*; do
                case ${i##*region_} in stats|log|trace|crash|\*) ;; *) words+=" ${i##*region_}" ;; esac
            done ;;
        --name|--cmdline|--memory|--cpus|--affinity|--disk|--mmio|--stop-timeout) return ;;
        *) words="--name --kernel --initrd --cmdline --memory --hugepages --cpus --affinity --console --serial --disk --net --pci --ivshmem --mmio --rng --pidfile --events --stop-timeout --hsm --help --version"
           typed=$word ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$typed")
    COMPREPLY=("${COMPREPLY[@]#"${typed%"$word"}"}")
}
complete -F _bhdm bhdm
