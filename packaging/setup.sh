# shellcheck shell=sh
# Sets the checkout up; sourced by packaging/run and packaging/test, which set `root` to the checkout.
#
# The virtual environment is .venv in the checkout. A stamp in it says for which lock file, Python and folder it
# was made, so that every later start only compares, and prints nothing. All that takes time is in install.sh
# and system.sh, which are read only when there is something to do.

: "${root:?}"
venv=$root/.venv
stamps=$venv/mirador
lacking= # sets of system libraries (see system.sh) that were asked for and are not all there
# Python and its packages come from the environment alone.
unset PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX

# say SENTENCE…: one calm line on standard error.
say() {
    printf '%s\n' "mirador: $*" >&2
}

# place_of: which Python the environment has, and where it is; empty where there is none.
place_of() {
    _version=$("$venv/bin/python" -V 2>/dev/null) && printf '%s\n' "$_version in $root"
}

# is_current LOCK: whether the environment was made from this lock file, for this Python and folder.
is_current() {
    [ -f "$stamps/$1" ] && [ ! -e "$stamps/unfinished" ] || return 1
    _stamp=
    IFS= read -r _stamp <"$stamps/$1"
    [ "$_stamp" = "$(cksum <"$root/$1"), $(place_of)" ]
}

# has_libraries SET…: whether earlier starts have found all these sets of system libraries.
has_libraries() {
    _found=
    if [ -f "$stamps/libraries" ]; then
        IFS= read -r _found <"$stamps/libraries"
    fi
    for _set in "$@"; do
        case " $_found " in
        *" $_set "*) ;;
        *) return 1 ;;
        esac
    done
}

# set_up LOCK SET…: make the environment and look for the system libraries, unless both are done.
# Ends the script with 1, after a sentence that says what to do, where there can be no environment.
set_up() {
    if is_current "$1" && (shift && has_libraries "$@"); then
        return 0
    fi
    # shellcheck source=packaging/system.sh
    . "$root/packaging/system.sh"
    # shellcheck source=packaging/install.sh
    . "$root/packaging/install.sh"
    install_all "$@"
}
