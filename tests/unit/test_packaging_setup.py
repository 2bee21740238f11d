"""The shell functions that set a checkout up, run with a made-up PATH: no package manager is really asked."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("shell scripts", allow_module_level=True)

PACKAGING = Path(__file__).parents[2] / "packaging"
TOOLS = "cat chmod cksum cut dirname env flock grep head id mkdir mktemp rm sed sh sleep sort tail tr true uname"


class Machine:
    """A machine with exactly the commands that are put on it, and a checkout in a folder with a space and a quote."""

    def __init__(self, base: Path) -> None:
        self.bin = base / "bin"
        self.root = base / "it's a checkout"
        self.calls = base / "calls"
        self.bin.mkdir(parents=True)
        self.root.mkdir()
        shutil.copytree(PACKAGING, self.root / "packaging")
        (self.root / "requirements.lock").write_text("one==1\n")
        (self.root / "requirements-dev.lock").write_text("one==1\ntwo==2\n")
        for tool in TOOLS.split():
            path = shutil.which(tool)
            if path is not None:
                (self.bin / tool).symlink_to(path)
        self.command("uname", '[ "$1" = -m ] && echo x86_64 || echo "${SYSTEM-Linux}"')
        self.command("ldconfig", 'printf "\\tlibz.so.1 (libc6,x86-64) => /lib/libz.so.1\\n"')

    def command(self, name: str, script: str) -> None:
        """Put a command on the machine; what it is called with is noted."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >>'{self.calls}'\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def no(self, name: str) -> None:
        """Take a command away."""
        (self.bin / name).unlink(missing_ok=True)

    def user(self, number: int) -> None:
        """Make `id -u` say so."""
        self.command("id", f"echo {number}")

    def uv(self) -> None:
        """A uv that makes environments without packages."""
        script = f"""case $1 in
        venv) while [ $# -gt 1 ]; do shift; done; exec '{sys.executable}' -m venv --without-pip "$1" ;;
        pip) sleep "${{SLOW-0}}"; exit "${{FAIL-0}}" ;;
        esac"""
        self.command("uv", script)

    def start(self, script: str, **environment: str) -> "subprocess.Popen[str]":
        """Start a script with the functions at hand."""
        lines = f'set -u; root=$(cd "$1" && pwd -P); . "$root/packaging/setup.sh"; {script}'
        return subprocess.Popen(
            ["/bin/sh", "-c", lines, "sh", str(self.root)],
            env={"PATH": str(self.bin), "HOME": str(self.root), **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, script: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a script with the functions at hand."""
        process = self.start(script, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def called(self, name: str) -> list[str]:
        """With what a command was called."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


LOAD = '. "$root/packaging/system.sh"; . "$root/packaging/install.sh"; find_manager; python=/usr/bin/python3.11; '

NAMES = {
    "apt-get": "libglib2.0-0 libegl1 libxcb-cursor0 libwayland-egl1 python3.11-venv",
    "dnf": "glib2 libglvnd-egl xcb-util-cursor libwayland-egl python3-pip",
    "pacman": "glib2 libglvnd xcb-util-cursor wayland python-pip",
    "zypper": "libglib-2_0-0 Mesa-libEGL1 libxcb-cursor0 libwayland-egl1 python311-pip",
}
WANTED = "libglib-2.0.so.0 libEGL.so.1 libxcb-cursor.so.0 libwayland-egl.so.1 venv"


@pytest.mark.parametrize("manager", NAMES)
def test_packages_have_the_names_of_each_distribution(machine: Machine, manager: str) -> None:
    machine.command(manager, "")
    assert machine.run(f"{LOAD} packages_of {WANTED}") == (0, NAMES[manager] + "\n", "")


def test_a_package_that_brings_two_libraries_is_named_once(machine: Machine) -> None:
    machine.command("pacman", "")
    assert machine.run(f"{LOAD} packages_of libEGL.so.1 libGL.so.1")[1] == "libglvnd\n"


def test_newer_debian_has_another_glib(machine: Machine) -> None:
    machine.command("apt-get", "")
    machine.command("apt-cache", '[ "$2" = libglib2.0-0t64 ]')
    assert machine.run(f"{LOAD} packages_of libglib-2.0.so.0")[1] == "libglib2.0-0t64\n"


def test_only_what_is_missing_is_named(machine: Machine) -> None:
    missing = machine.run(f"{LOAD} missing_libraries base")[1].split()
    assert "libz.so.1" not in missing
    assert {"libEGL.so.1", "libxkbcommon.so.0"} <= set(missing)
    assert "libxcb-cursor.so.0" not in missing
    assert "libxcb-cursor.so.0" in machine.run(f"{LOAD} missing_libraries x11")[1]


def test_libraries_of_another_machine_do_not_count(machine: Machine) -> None:
    machine.command("ldconfig", 'printf "\\tlibz.so.1 (libc6) => /lib32/libz.so.1\\n"')
    assert "libz.so.1" in machine.run(f"{LOAD} missing_libraries base")[1]


def test_nothing_is_missing_on_macos(machine: Machine) -> None:
    machine.command("apt-get", "")
    assert machine.run(f'{LOAD} missing_libraries base x11; echo "[$manager]"', SYSTEM="Darwin")[1] == "[]\n"


@pytest.mark.parametrize("manager", NAMES)
@pytest.mark.parametrize("who", ["root", "sudo"])
def test_packages_are_installed_where_no_password_is_needed(machine: Machine, manager: str, who: str) -> None:
    machine.command(manager, "")
    machine.user(0 if who == "root" else 1000)
    machine.command("sudo", 'shift; exec "$@"')
    code, _, err = machine.run(f"{LOAD} install_packages one two")
    assert (code, err) == (0, "mirador: Installing system packages: one two\n")
    assert machine.called(manager)[-1].endswith(" one two")
    assert bool(machine.called("sudo")) == (who == "sudo")


@pytest.mark.parametrize("manager", NAMES)
def test_where_a_password_is_needed_one_line_is_said(machine: Machine, manager: str) -> None:
    machine.command(manager, "")
    machine.user(1000)
    machine.command("sudo", "exit 1")
    script = f"{LOAD} uv=/bin/uv lock=requirements.lock; ldconfig() {{ echo; }}; install_system base"
    code, _, err = machine.run(script)
    assert code == 0
    lines = err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(rf"mirador:   sudo sh -c '.*{manager} .*(glib2|libglib).*'", lines[1])
    assert not machine.called(manager)


def test_without_sudo_the_line_is_for_su(machine: Machine) -> None:
    machine.command("zypper", "")
    assert machine.run(f"{LOAD} tell_line one")[2].startswith("mirador:   su -c 'zypper ")


def test_what_a_package_manager_complains_about_is_shown(machine: Machine) -> None:
    machine.command("dnf", "echo no mirror; exit 1")
    machine.user(0)
    code, _, err = machine.run(f"{LOAD} install_packages one")
    assert code == 1
    assert "no mirror" in err


def test_without_any_python_the_sentence_says_so(machine: Machine) -> None:
    code, _, err = machine.run("set_up requirements.lock")
    assert code == 1
    assert "Python 3.11 or newer is needed" in err


# ── the environment ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A machine with Python and uv on which set-up works."""
    machine.command("python3", f"exec '{sys.executable}' \"$@\"")
    machine.uv()
    return machine


SET_UP = 'set_up requirements.lock; echo "lacking:$lacking"'


def test_the_second_start_does_nothing_and_says_nothing(ready: Machine) -> None:
    code, out, err = ready.run(SET_UP)
    assert (code, out) == (0, "lacking:\n")
    assert err.endswith("mirador: Set up.\n")
    ready.calls.unlink()
    began = time.monotonic()
    assert ready.run(SET_UP) == (0, "lacking:\n", "")
    assert time.monotonic() - began < 1  # measured: 0.02 s; the machine may be busy
    assert not ready.called("uv")


def test_the_command_starts_the_checkout_from_anywhere(ready: Machine, tmp_path: Path) -> None:
    assert ready.run(SET_UP)[0] == 0
    package = ready.root / "mirador_desktop"
    package.mkdir()
    (package / "__main__.py").write_text("import sys\nprint('arguments', *sys.argv[1:])\n")
    done = subprocess.run(
        [ready.root / ".venv/bin/mirador-desktop", "a b", "c"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "arguments a b c\n"


def test_a_new_lock_file_is_installed_into_the_same_environment(ready: Machine) -> None:
    ready.run(SET_UP)
    (ready.root / "requirements.lock").write_text("one==2\n")
    assert ready.run(SET_UP)[0] == 0
    assert (len(ready.called("uv venv")), len(ready.called("uv pip"))) == (1, 2)


def test_the_packages_of_the_tests_include_those_of_the_program(ready: Machine) -> None:
    ready.run("set_up requirements-dev.lock")
    assert ready.run(SET_UP)[2] == ""
    assert len(ready.called("uv pip")) == 1


def test_a_moved_checkout_gets_a_new_environment(ready: Machine) -> None:
    ready.run(SET_UP)
    ready.root = ready.root.rename(ready.root.with_name("elsewhere"))
    assert ready.run(SET_UP)[0] == 0
    assert len(ready.called("uv venv")) == 2


def test_an_interrupted_set_up_is_repeated_from_the_start(ready: Machine) -> None:
    process = ready.start(f"exec 2>&1; {SET_UP}", SLOW="60")
    while not ready.called("uv pip"):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (ready.root / ".venv" / "half").touch()
    assert ready.run(SET_UP)[0] == 0
    assert not (ready.root / ".venv" / "half").exists()


def test_a_failed_installation_ends_with_a_sentence_and_is_repeated(ready: Machine) -> None:
    code, out, err = ready.run(SET_UP, FAIL="1")
    assert (code, out) == (1, "")
    assert "could not be installed" in err
    code, out, err = ready.run(SET_UP)
    assert (code, out) == (0, "lacking:\n")


def test_two_starts_at_once_set_up_once(ready: Machine) -> None:
    both = [ready.start(SET_UP, SLOW="0.5") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(ready.called("uv venv")) == 1


def test_an_environment_somebody_else_made_is_kept(ready: Machine) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ready.root / ".venv"], check=True)
    (ready.root / ".venv" / "theirs").touch()
    assert ready.run(SET_UP)[0] == 0
    assert (ready.root / ".venv" / "theirs").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(ready: Machine) -> None:
    ready.run(SET_UP)
    python = ready.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert ready.run(SET_UP)[0] == 0
    assert os.access(python, os.X_OK)


def test_libraries_are_asked_for_until_they_are_there(ready: Machine) -> None:
    qt = ready.root / ".venv/lib"
    ready.command("ldd", '[ -e "$FOUND" ] || printf "\\tlibEGL.so.1 => not found\\n"')
    ready.user(1000)
    script = 'set_up requirements.lock base; echo "lacking:$lacking"'
    ready.run("set_up requirements.lock")
    next(qt.glob("python3*")).joinpath("site-packages/PySide6").mkdir(parents=True)
    assert ready.run(script, FOUND="/nowhere")[1] == "lacking: base\n"
    assert ready.run(script, FOUND="/")[1] == "lacking:\n"
    assert ready.run(script, FOUND="/nowhere") == (0, "lacking:\n", "")
