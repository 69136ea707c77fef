"""Debian's packages: what is used, what is fetched, what is said where they cannot be had.

apt-get and dpkg-deb are stand-ins here; 15-debian in the matrix uses the real ones.
"""

import os
import platform
from pathlib import Path

import pytest
from pgflow_build import debian

SIMULATION = """\
Reading package lists...
Inst libc6 [2.36-9] (2.36-9+deb12u14 Debian:12.15/oldstable [amd64])
Inst libpq5 (15.20-0+deb12u1 Debian-Security:12/oldstable-security [amd64])
Inst libllvm14 (1:14.0.6-12 Debian:12.15/oldstable [amd64])
Inst libjson-perl (4.10000-1 Debian:12.15/oldstable [all])
Inst postgresql-common (248+deb12u2 Debian-Security:12/oldstable-security [all]) []
Inst postgresql-client-15 (15.20-0+deb12u1 Debian-Security:12/oldstable-security [amd64])
Inst postgresql-15 [15.18-0+deb12u1] (15.20-0+deb12u1 Debian-Security:12/oldstable-security [amd64])
Inst postgresql-15-plpgsql-check (2.3.0-1 Debian:12.15/oldstable [amd64])
Conf postgresql-15 (15.20-0+deb12u1 Debian-Security:12/oldstable-security [amd64])
"""

APT_GET = """\
#!/bin/sh
for last; do :; done
case "$*" in
    *--simulate*) cat "{simulation}" ;;
    *download*) for word; do case $word in *=*) touch "${{word%%=*}}.deb" ;; esac; done ;;
    *update*) cp "${{1#--config-file=}}" "{seen}" ;;
esac
"""

DPKG_DEB = """\
#!/bin/sh
bin="$3/usr/lib/postgresql/15/bin"
mkdir -p "$bin" "$3/usr/lib/x86_64-linux-gnu"
for program in postgres initdb psql; do
    printf '#!/bin/sh\\n' > "$bin/$program"
    chmod +x "$bin/$program"
done
touch "$3/usr/$(basename "$2")"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian 12 whose apt-get and dpkg-deb are ours; returns the folder with them."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "simulation").write_text(SIMULATION)
    put_program(
        programs, "apt-get", APT_GET.format(simulation=programs / "simulation", seen=programs / "apt.conf")
    )
    put_program(programs, "dpkg-deb", DPKG_DEB)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    be_debian_12(monkeypatch)
    return programs


def put_program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def be_debian_12(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_ID": "12"})


def install(system: Path, *extensions: str) -> None:
    """Put the programs and the extensions where Debian's packages do."""
    for program in ("postgres", "initdb", "psql"):
        put(system / debian.BIN / program)
    for name in extensions:
        put(system / debian.SHARE / "extension" / f"{name}.control")


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_installed_postgresql_is_used_only_with_all_extensions(tmp_path: Path) -> None:
    install(tmp_path, "plpgsql_check")
    assert debian.installed(tmp_path) is None
    install(tmp_path, *debian.EXTENSION_PACKAGES)
    assert debian.installed(tmp_path) == tmp_path


def test_fetch_unpacks_the_programs_and_the_libraries_that_the_machine_lacks(
    machine: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    debian.fetch(tree)
    assert sorted(path.name for path in (tree / "usr").glob("*.deb")) == [
        "libpq5.deb",
        "postgresql-15-plpgsql-check.deb",
        "postgresql-15.deb",
        "postgresql-client-15.deb",
    ]
    assert debian.library_folders(tree / "usr") == (tree / "usr/lib/x86_64-linux-gnu",)
    assert sorted(tmp_path.iterdir()) == [machine, tree], "what apt needed for this has gone again"


def test_apt_leaves_the_system_alone(machine: Path, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    debian.fetch(tmp_path / "tree")
    settings = (machine / "apt.conf").read_text()
    for name in ("Dir::State", "Dir::State::lists", "Dir::Cache", "Dir::Cache::archives", "Dir::Log"):
        assert f'{name} "{tmp_path}/tree.apt' in settings
    assert "#clear APT::Update::Post-Invoke;" in settings, "no hooks of the system's run"


def test_programs_that_do_not_run_are_not_taken(machine: Path, tmp_path: Path) -> None:
    put_program(machine, "dpkg-deb", DPKG_DEB.replace("#!/bin/sh\\n", "#!/bin/sh\\nexit 1\\n"))
    (tmp_path / "tree").mkdir()
    with pytest.raises(RuntimeError, match="bin/postgres --version failed"):
        debian.fetch(tmp_path / "tree")


def test_time_zones_must_be_on_the_machine(machine: Path, tmp_path: Path) -> None:
    with (machine / "simulation").open("a") as simulation:
        simulation.write("Inst tzdata (2026f-0+deb12u1 Debian:12 [all])\n")
    (tmp_path / "tree").mkdir()
    with pytest.raises(RuntimeError, match="apt-get install tzdata"):
        debian.fetch(tmp_path / "tree")


def test_failure_of_apt_says_what_to_do(machine: Path, tmp_path: Path) -> None:
    put_program(machine, "apt-get", "#!/bin/sh\necho 'E: cannot reach it' >&2\nexit 100\n")
    (tmp_path / "tree").mkdir()
    with pytest.raises(RuntimeError) as error:
        debian.fetch(tmp_path / "tree")
    assert "E: cannot reach it" in str(error.value)
    assert "install as root: apt-get install postgresql-15 postgresql-client-15" in str(error.value)
    assert not (tmp_path / "tree.apt").exists()


def test_other_systems_are_told_why_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    release = {"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)"}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    with pytest.raises(
        debian.NotAvailableError, match=r"this is Debian GNU/Linux 13 \(trixie\), not Debian 12"
    ):
        debian.fetch(tmp_path)


def test_a_machine_without_apt_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    be_debian_12(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.NotAvailableError, match="there is no apt-get and no dpkg-deb"):
        debian.fetch(tmp_path)


@pytest.mark.parametrize(("said", "is_kept"), [("not found", False), ("/usr/lib/libLLVM-14.so.1", True)])
def test_compiler_is_kept_only_with_its_library(
    machine: Path, tmp_path: Path, said: str, is_kept: bool
) -> None:
    put_program(machine, "dpkg-deb", f'{DPKG_DEB}mkdir -p "$bin/../lib"\ntouch "$bin/../lib/llvmjit.so"\n')
    put_program(machine, "ldd", f"#!/bin/sh\necho 'libLLVM-14.so.1 => {said}'\n")
    (tmp_path / "tree").mkdir()
    debian.fetch(tmp_path / "tree")
    assert (tmp_path / "tree/usr/lib/postgresql/15/lib/llvmjit.so").exists() == is_kept
