# Completion of this checkout's targets and variables for make, in bash: source tools/completion/make.bash
#
# In a folder without this Makefile, make is completed as before.

# The values of a variable: those that files here give, and those of docs.
_overlay_lab_values() {
    local lab=${OVERLAY_LAB_COMPLETED_LAB:-emon}
    case $1 in
        FILE) compgen -f -- "${word#*=}" ;;
        LAB) printf '%s\n' labs/*.yml | sed 's|.*/||; s|\.yml$||' ;;
        SITE) sed -n '/^sites:/,/^[a-z]/s/^  \([a-z][a-z0-9-]*\):.*/\1/p' "labs/$lab.yml" 2>/dev/null ;;
        HOST | ON) sed -n '/^hosts:/,/^[a-z]/s/^  \([a-z][a-z0-9-]*\):.*/\1/p' "labs/$lab.yml" 2>/dev/null ;;
        FROM | TO) _overlay_lab_containers "labs/$lab.yml" ;;
        FAULT) sed -n '/^## The catalogue/,/^## /s/^| `\([a-z-]*\)`.*/\1/p' docs/break.md ;;
        ENGINE) sed -n '/^    "engine": {/,/^    }/s/^ *"\([a-z_]*\)",*$/\1/p' labs/schema.json ;;
        RELEASE) printf '%s\n' bullseye bookworm trixie forky ;;
        HOW) printf '%s\n' readdress suspend reboot ;;
        OUTPUT) printf '%s\n' table json ;;
        BENCHMARK) printf '%s\n' run runs engines looking ;;
        HOSTS) printf '%s\n' 2 3 4 8 16 ;;
        IMAGE) docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | grep -v '<none>' ;;
        V | FOLLOW | LIVE) echo 1 ;;
    esac
}

# Of a container with `hosts`, the one of each host; of one with `replicas`, each of them.
_overlay_lab_containers() {
    awk '
        function told(  count, on, i) {
            if (name == "") return
            if (copies != "") { for (i = 1; i <= copies + 0; i++) print name "-" i; return }
            if (list == "") { print name; return }
            if (list == "all") list = hosts
            count = split(list, on, /[][, ]+/)
            for (i = 1; i <= count; i++) if (on[i] != "") print name "-" on[i]
        }
        function value(key) {
            if (!match($0, "[ {]" key ": *")) return ""
            found = substr($0, RSTART + RLENGTH)
            if (found ~ /^\[/) { sub(/\].*/, "", found); return substr(found, 2) }
            sub(/[,} ].*/, "", found)
            return found
        }
        /^[a-z]/ { part = $1 }
        part == "hosts:" && match($0, /^  [a-z][a-z0-9-]*:/) { hosts = hosts " " substr($0, 3, RLENGTH - 3) }
        part != "containers:" || /^ *#/ { next }
        /^ *- / { told(); name = list = copies = "" }
        name == "" { name = value("name") }
        list == "" { list = value("hosts") }
        copies == "" { copies = value("replicas") }
        END { told() }
    ' "$1" 2>/dev/null
}

_overlay_lab_words() {
    sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile
    printf '%s=\n' LAB SITE HOST HOSTS ENGINE RELEASE OUTPUT MAP LIVE CMD ON HOW FROM TO PORT LOCAL IMAGE FILE FOLLOW FAULT SEED BENCHMARK V ARGS
}

# Whether this folder is a checkout.
_overlay_lab_here() {
    [ -d labs ] && [ -f plugins/inventory/lab.py ] && [ -f Makefile ]
}

_overlay_lab_make() {
    local line=${COMP_LINE:0:COMP_POINT} word
    if ! _overlay_lab_here; then
        declare -F _make >/dev/null || return 0
        _make "$@"
        return
    fi
    # bash takes LAB=four for three words, so the line itself is read.
    word=${line##*[[:space:]]}
    local OVERLAY_LAB_COMPLETED_LAB
    OVERLAY_LAB_COMPLETED_LAB=$(sed -n 's/.*[[:space:]]LAB=\([a-z0-9-]*\)[[:space:]].*/\1/p' <<<"$line")
    if [[ $word == *=* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_overlay_lab_values "${word%%=*}")" -- "${word#*=}")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(_overlay_lab_words)" -- "$word")
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null || true
    fi
}

complete -F _overlay_lab_make make
