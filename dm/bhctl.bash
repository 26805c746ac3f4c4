# SPDX-License-Identifier: Apache-2.0
# Completion of bhctl for bash; install as /usr/share/bash-completion/completions/bhctl
_bhctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            vm|list|top|stats|log|rt|crash|trace) command=${COMP_WORDS[i]} ;;
        esac
    done
    case $before in
        --dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
        -d|--delay|-n|--count|-s|--seconds) return ;;
        -o|--output) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        --format) mapfile -t COMPREPLY < <(compgen -W "perfetto ctf" -- "$word"); return ;;
        -e|--events) mapfile -t COMPREPLY < <(compgen -W "all entry exit refused switch idle busy wake interrupt hypercall kick" -- "$word"); return ;;
    esac
    local words
    case $command in
        "") words="vm list top stats log rt crash trace --dir --help" ;;
        vm|list) words="--json --help" ;;
        top) words="--json --delay --count --batch --help" ;;
        stats) words="--json --help" ;;
        log) words="--json --follow --count --help" ;;
        crash) words="--json --all --clear --help" ;;
        trace) words="--json --seconds --events --format --output --help" ;;
        rt) words="--json --histogram --once --delay --count --help"
            for i in /sys/bus/pci/drivers/bulkhead_hsm/*/region_*; do
                case ${i##*/region_} in stats|log|crash|trace|'*') ;; *) words+=" ${i##*/region_}" ;; esac
            done ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _bhctl bhctl
