# shellcheck shell=sh
# System packages: which libraries Qt needs, what they are called here, and how they are installed.
# Sourced by setup.sh.

: "${venv:?}"

# Sets: `base` is needed by every window, also by one that is only drawn in memory; `x11` and `wayland` by
# windows there; `tool` are programs. `PYTHON` stands for the name of the Python that was found.
package_table() {
    cat <<'TABLE'
libglib-2.0.so.0        base    libglib2.0-0        glib2               glib2               libglib-2_0-0
libEGL.so.1             base    libegl1             libglvnd-egl        libglvnd            Mesa-libEGL1
libGL.so.1              base    libgl1              libglvnd-glx        libglvnd            Mesa-libGL1
libX11.so.6             base    libx11-6            libX11              libx11              libX11-6
libdbus-1.so.3          base    libdbus-1-3         dbus-libs           dbus                libdbus-1-3
libfontconfig.so.1      base    libfontconfig1      fontconfig          fontconfig          libfontconfig1
libfreetype.so.6        base    libfreetype6        freetype            freetype2           libfreetype6
libxkbcommon.so.0       base    libxkbcommon0       libxkbcommon        libxkbcommon        libxkbcommon0
libstdc++.so.6          base    libstdc++6          libstdc++           gcc-libs            libstdc++6
libz.so.1               base    zlib1g              zlib                zlib                libz1
libxcb-cursor.so.0      x11     libxcb-cursor0      xcb-util-cursor     xcb-util-cursor     libxcb-cursor0
libxcb-icccm.so.4       x11     libxcb-icccm4       xcb-util-wm         xcb-util-wm         libxcb-icccm4
libxcb-keysyms.so.1     x11     libxcb-keysyms1     xcb-util-keysyms    xcb-util-keysyms    libxcb-keysyms1
libxcb-image.so.0       x11     libxcb-image0       xcb-util-image      xcb-util-image      libxcb-image0
libxcb-render-util.so.0 x11     libxcb-render-util0 xcb-util-renderutil xcb-util-renderutil libxcb-render-util0
libxcb-util.so.1        x11     libxcb-util1        xcb-util            xcb-util            libxcb-util1
libxcb-randr.so.0       x11     libxcb-randr0       libxcb              libxcb              libxcb-randr0
libxcb-shape.so.0       x11     libxcb-shape0       libxcb              libxcb              libxcb-shape0
libxcb-xkb.so.1         x11     libxcb-xkb1         libxcb              libxcb              libxcb-xkb1
libxkbcommon-x11.so.0   x11     libxkbcommon-x11-0  libxkbcommon-x11    libxkbcommon-x11    libxkbcommon-x11-0
libX11-xcb.so.1         x11     libx11-xcb1         libX11-xcb          libx11              libX11-xcb1
libwayland-client.so.0  wayland libwayland-client0  libwayland-client   wayland             libwayland-client0
libwayland-cursor.so.0  wayland libwayland-cursor0  libwayland-cursor   wayland             libwayland-cursor0
libwayland-egl.so.1     wayland libwayland-egl1     libwayland-egl      wayland             libwayland-egl1
venv                    tool    PYTHON-venv         python3-pip         python-pip          PYTHON-pip
python                  tool    python3-venv        python3             python              python311
TABLE
}

# missing_libraries SET…: those of the sets that the system does not know, one a line. None where it cannot
# be asked (then only `unresolved` tells).
missing_libraries() {
    [ "$(uname -s)" = Linux ] && [ $# -gt 0 ] || return 0
    _known=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null) || return 0
    case $(uname -m) in # a machine may have the libraries of another one too
    x86_64) _known=$(printf '%s\n' "$_known" | grep x86-64) || : ;;
    aarch64) _known=$(printf '%s\n' "$_known" | grep AArch64) || : ;;
    esac
    package_table | while read -r _library _of _; do
        case " $* " in
        *" $_of "*) ;;
        *) continue ;;
        esac
        case $_known in
        *"	$_library "*) ;;
        *) echo "$_library" ;;
        esac
    done
}

# unresolved SET: what Qt's own files of a set do not find, one a line.
unresolved() {
    [ "$(uname -s)" = Linux ] && command -v ldd >/dev/null || return 0
    for _qt in "$venv"/lib/python3*/site-packages/PySide6; do
        case $1 in
        base) set -- "$_qt/QtWidgets.abi3.so" ;;
        x11) set -- "$_qt/Qt/plugins/platforms/libqxcb.so" ;;
        wayland) set -- "$_qt"/Qt/plugins/platforms/libqwayland*.so ;;
        esac
        ldd "$@" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u
    done
}

# find_manager: sets `manager` to the package manager of this system, empty if it is none of the four.
find_manager() {
    manager=
    [ "$(uname -s)" = Linux ] || return 0
    for _name in apt-get dnf pacman zypper; do
        if command -v "$_name" >/dev/null; then
            manager=${_name%-get}
            return
        fi
    done
}

# packages_of NAME…: the packages that bring these libraries or tools, each once, on one line.
packages_of() {
    _python=${python:-python3}
    _python=${_python##*/}
    _wanted=" $* "
    set --
    while read -r _name _ _apt _dnf _pacman _zypper; do
        case $_wanted in
        *" $_name "*) ;;
        *) continue ;;
        esac
        case $manager in
        apt) _package=$_apt ;;
        dnf) _package=$_dnf ;;
        pacman) _package=$_pacman ;;
        zypper) _package=$_zypper ;;
        *) return 0 ;;
        esac
        case $_package in
        PYTHON-venv) _package=$_python-venv ;;
        PYTHON-pip) _package=$(echo "$_python" | tr -d .)-pip ;; # python3.11 is python311 there
        libglib2.0-0) # Debian 13 and Ubuntu 24.04 have renamed it
            if apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then
                _package=libglib2.0-0t64
            fi
            ;;
        esac
        case " $* " in
        *" $_package "*) ;;
        *) set -- "$@" "$_package" ;;
        esac
    done <<TABLE
$(package_table)
TABLE
    echo "$*"
}

# install_line PACKAGE…: the command that installs packages, without asking.
install_line() {
    case $manager in
    apt) echo "apt-get update && apt-get install -y --no-install-recommends $*" ;;
    dnf) echo "dnf install -y --setopt=install_weak_deps=False $*" ;;
    pacman) echo "pacman -S --needed --noconfirm $*" ;;
    zypper) echo "zypper --non-interactive install --no-recommends $*" ;;
    esac
}

# tell_line PACKAGE…: say what a person types to install packages.
tell_line() {
    if command -v sudo >/dev/null; then
        say "  sudo sh -c '$(install_line "$@")'"
    else
        say "  su -c '$(install_line "$@")'"
    fi
}

# install_packages PACKAGE…: install them where that needs no password; fails where it does, or does not work.
install_packages() {
    _before=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        _before="sudo -n"
    fi
    say "Installing system packages: $*"
    _log=$(mktemp) || return 1
    # shellcheck disable=SC2086  # nothing, or two words
    if $_before env DEBIAN_FRONTEND=noninteractive sh -c "$(install_line "$@")" >"$_log" 2>&1 </dev/null 9>&-; then
        rm -f "$_log"
        return 0
    fi
    say "That did not work:"
    tail -n 5 "$_log" >&2
    rm -f "$_log"
    return 1
}
