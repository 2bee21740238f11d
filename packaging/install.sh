# shellcheck shell=sh
# Makes the virtual environment from a lock file; sourced by setup.sh after system.sh.

: "${root:?}" "${venv:?}" "${stamps:?}"

# install_all LOCK SET…: all of the set-up, once at a time. Sets `lacking`.
install_all() {
    lock=$1
    shift
    find_manager
    find_tools
    if ! is_current "$lock"; then
        say "Setting up $venv. This is done once and takes up to a minute."
    fi
    wait_for_turn
    install_system "$@"
    if ! is_current "$lock"; then
        if [ -z "$python" ]; then
            say "Python 3.11 or newer is needed, and none was found. Install it, then start again."
            exit 1
        fi
        make_environment || exit 1
        install_lock || exit 1
        add_project
        printf '%s\n' "$(cksum <"$root/$lock"), $(place_of)" >"$stamps/$lock"
        if [ "$lock" = requirements-dev.lock ]; then # it holds all of the other one
            printf '%s\n' "$(cksum <"$root/requirements.lock"), $(place_of)" >"$stamps/requirements.lock"
        fi
        rm -f "$stamps/unfinished"
        say "Set up."
    fi
    note_libraries "$@"
    exec 9>&-
}

# wait_for_turn: go on only when no other start is setting this checkout up. The lock goes with the process.
wait_for_turn() {
    if ! (: >>"$root/.venv.lock") 2>/dev/null; then
        say "$root cannot be written, so nothing can be set up there. Use a copy that is yours."
        exit 1
    fi
    exec 9>>"$root/.venv.lock"
    if command -v flock >/dev/null; then
        flock -n 9 && return
        say "Another start is setting up. Waiting for it."
        flock 9
    elif [ -n "$python" ]; then # a lock belongs to the open file, which this script shares with it
        "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    fi
}

# find_tools: set `uv` to a working uv or nothing, and `python` to a Python that can be used or nothing.
find_tools() {
    PATH=$(printf '%s' "$PATH" | sed "s|^$venv/bin:||; s|:$venv/bin\$||; s|:$venv/bin:|:|") # it may be made anew
    uv=$(command -v uv) && "$uv" --version >/dev/null 2>&1 || uv=
    python=
    for _name in python3.13 python3.12 python3.11 python3 python; do
        _path=$(command -v "$_name") || continue
        is_usable "$_path" || continue
        python=${python:-$_path}
        if [ -n "$uv" ] || can_make_environments "$_path"; then
            python=$_path
            return
        fi
    done
}

# is_usable PYTHON: whether it is a CPython that the packages are made for.
is_usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.implementation.name != "cpython")' 2>/dev/null
}

# can_make_environments PYTHON: some distributions keep ensurepip in a package of its own.
can_make_environments() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# has_pip PYTHON: whether its pip is new enough to install into another environment.
has_pip() {
    "$1" -m pip --python "$1" --version >/dev/null 2>&1
}

# install_system SET…: install what is missing of the system, or say what to type.
install_system() {
    _missing=$(missing_libraries "$@")
    _tools=
    if ! is_current "$lock"; then
        if [ -z "$python" ] && [ -z "$uv" ]; then
            _tools=python
        elif [ -z "$uv" ] && ! can_make_environments "$python" && ! has_pip "$python"; then
            _tools=venv
        fi
    fi
    [ -n "$_missing$_tools" ] || return 0
    # shellcheck disable=SC2086  # words
    _packages=$(packages_of $_tools $_missing)
    # shellcheck disable=SC2086
    if [ -n "$_packages" ] && install_packages $_packages; then
        [ -z "$_tools" ] || find_tools
        return 0
    fi
    if [ -n "$_packages" ]; then
        say "Something of the system is missing. Type this once:"
        # shellcheck disable=SC2086
        tell_line $_packages
    elif [ -n "$_missing" ]; then
        # shellcheck disable=SC2086  # made one line
        say "The system misses libraries that Qt needs:" $_missing
    fi
    if [ "$_tools" = venv ]; then
        say "Until then no environment can be made: this Python comes without ensurepip and pip."
        exit 1
    fi
}

# make_environment: keep .venv where it fits, else make it anew. It is marked until everything is in it.
make_environment() {
    if [ -e "$venv" ] || [ -L "$venv" ]; then
        if ! fits; then
            rm -rf "$venv"
        fi
    fi
    mkdir -p "$stamps" && : >"$stamps/unfinished" || return 1
    [ ! -x "$venv/bin/python" ] || return 0
    if [ -n "$uv" ] && "$uv" venv --quiet --allow-existing --python "${python:->=3.11}" "$venv" </dev/null; then
        return 0
    fi
    if can_make_environments "$python"; then
        "$python" -m venv "$venv"
    else
        "$python" -m venv --without-pip "$venv"
    fi
}

# fits: whether the environment that is there can be used: whole, of a usable Python, and made for this folder.
fits() {
    [ ! -e "$stamps/unfinished" ] && is_usable "$venv/bin/python" || return 1
    for _file in "$stamps"/requirements*.lock; do
        [ -f "$_file" ] || continue
        case $(cat "$_file") in
        *", $(place_of)") ;;
        *) return 1 ;;
        esac
    done
}

# install_lock: install what the lock file lists, by its hashes, from built packages only.
install_lock() {
    set -- --quiet --require-hashes --no-deps --only-binary :all: -r "$root/$lock"
    if [ -n "$uv" ] && "$uv" pip install --python "$venv/bin/python" "$@" </dev/null; then
        return 0
    fi
    if "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        "$venv/bin/python" -m ensurepip >/dev/null 2>&1; then
        set -- "$venv/bin/python" -m pip install "$@"
    else
        set -- "$python" -m pip --python "$venv/bin/python" install "$@"
    fi
    if PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "$@" </dev/null >&2; then
        return 0
    fi
    say "The packages could not be installed (see above). Is there a network? Start again to try again."
    return 1
}

# add_project: make the checkout itself importable, and put the command beside Python.
add_project() {
    _packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$_packages/mirador-desktop.pth"
    _quoted=$(printf '%s' "$venv/bin/python" | sed "s/'/'\\\\''/g")
    printf '%s\n' '#!/bin/sh' "exec '$_quoted' -m mirador_desktop \"\$@\"" >"$venv/bin/mirador-desktop"
    chmod +x "$venv/bin/mirador-desktop"
}

# note_libraries SET…: write down which sets are complete, and put the others into `lacking`.
note_libraries() {
    lacking=
    _complete=
    if [ -f "$stamps/libraries" ]; then
        IFS= read -r _complete <"$stamps/libraries"
    fi
    for _set in "$@"; do
        if [ -n "$(unresolved "$_set")" ]; then
            lacking="$lacking $_set"
            _complete=$(echo " $_complete " | sed "s/ $_set / /")
        else
            case " $_complete " in
            *" $_set "*) ;;
            *) _complete="$_complete $_set" ;;
            esac
        fi
    done
    printf '%s\n' "$_complete" >"$stamps/libraries" 2>/dev/null || :
}
