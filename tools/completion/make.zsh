# Completion of this checkout's targets and variables for make, in zsh: source tools/completion/make.zsh, after compinit
#
# In a folder without this Makefile, make is completed as before. What there is to choose is in make.bash beside it.
typeset -g _overlay_lab_completion=${${(%):-%x}:A:h}

_overlay_lab_asked() {
    bash -c 'complete() { :; }; source "$1/make.bash"; OVERLAY_LAB_COMPLETED_LAB=$3; $2 "$4"' bash \
        "$_overlay_lab_completion" "$1" "$2" "$3"
}

_overlay_lab_make() {
    if [[ ! -f plugins/inventory/lab.py || ! -d labs ]]; then
        _make "$@"
        return
    fi
    local lab=${${(M)words:#LAB=*}[1]#LAB=}
    if [[ $PREFIX == *=* ]]; then
        local variable=${PREFIX%%=*}
        compset -P '*='
        compadd -- ${(f)"$(_overlay_lab_asked _overlay_lab_values "$lab" "$variable")"}
    else
        local -a found=(${(f)"$(_overlay_lab_asked _overlay_lab_words "$lab" "")"})
        compadd -- ${found:#*=}
        compadd -S '' -- ${(M)found:#*=}
    fi
}

autoload -Uz _make
compdef _overlay_lab_make make
