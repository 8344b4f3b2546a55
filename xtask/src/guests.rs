//! `cargo xtask guests`: real ARM programs, fetched and built at test time into `target/guests`; nothing of it is committed.
//!
//! Busybox comes as Debian ships it, for AArch64, armhf and armel, and for this machine to compare with. Lua and SQLite
//! are built from Debian's source packages, our C++, Rust and Go programs from `test-binaries/src/real`: each statically for
//! AArch64, armhf, armel (all but Rust) and for this machine. `root`, `root-armhf` and
//! `root-armel` are root directories with Debian's own dynamic programs, `MACHINE/conformance` has
//! test programs from Debian's source packages. Packages
//! come through an apt of its own, below `target/guests/apt`: no root, and
//! nothing is installed. What is already there is kept; remove the folder to begin again.

mod conformance;

use crate::tool;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const SUITE: &str = "bookworm";
const RUST_PACKAGES: [&str; 5] = [
    "rustc",
    "libstd-rust-1.63",
    "libllvm14",
    "libstd-rust-dev",
    "libstd-rust-dev:arm64",
];
const GO_PACKAGES: [&str; 2] = ["golang-1.19-go", "golang-1.19-src"];
/// What the root directories of armhf and armel have.
const DISTRIBUTION_A32: [&str; 22] = [
    "base-passwd",
    "bash",
    "bzip2",
    "coreutils",
    "dash",
    "diffutils",
    "gawk",
    "gcc",
    "git",
    "grep",
    "gzip",
    "libc6-dev",
    "lua5.4",
    "nodejs",
    "openssl",
    "perl",
    "python3",
    "ruby",
    "sed",
    "sqlite3",
    "tcl",
    "xz-utils",
];
/// What the root directory of AArch64 has, with all that it depends on.
const DISTRIBUTION: [&str; 35] = [
    "base-passwd",
    "bash",
    "bc",
    "coreutils",
    "curl",
    "dash",
    "diffutils",
    "file",
    "findutils",
    "gawk",
    "gcc",
    "git",
    "grep",
    "gzip",
    "iproute2",
    "jq",
    "libc6-dev",
    "libpython3.11-testsuite",
    "make",
    "nginx-light",
    "nodejs",
    "openjdk-17-jre-headless",
    "openssl",
    "perl",
    "procps",
    "python3",
    "redis-server",
    "sbcl",
    "sed",
    "socat",
    "sqlite3",
    "tar",
    "tcl",
    "util-linux",
    "xz-utils",
];

/// The file in a root directory that names the packages it was made of.
const PACKAGES: &str = "etc/packages";

/// Fetches and builds all guests.
pub fn run() -> Result<()> {
    tool::need("apt-get", "apt")?;
    tool::need("dpkg", "dpkg")?;
    tool::need("cc", "gcc")?;
    tool::need("c++", "g++")?;
    tool::need("make", "make")?;
    for machine in &BUILT[1..] {
        tool::need(machine.cc, &format!("gcc-{}", machine.package()))?;
        tool::need(machine.cxx, &format!("g++-{}", machine.package()))?;
    }
    let guests = Guests {
        root: armlet_tests::guests(),
    };
    guests.busybox()?;
    guests.lua()?;
    guests.sqlite()?;
    guests.cxx()?;
    guests.rust()?;
    guests.go()?;
    guests.distribution("root", "arm64", &DISTRIBUTION)?;
    guests.distribution("root-armhf", "armhf", &DISTRIBUTION_A32)?;
    guests.distribution("root-armel", "armel", &DISTRIBUTION_A32)?;
    guests.conformance()?;
    println!("guests are in {}", guests.root.display());
    Ok(())
}

/// Where a guest runs: its folder under the root, Debian's name of the machine, the C and C++ compilers.
struct Machine {
    folder: &'static str,
    debian: &'static str,
    cc: &'static str,
    cxx: &'static str,
    /// Rust's name of it, where the Rust program is built.
    rust: Option<&'static str>,
    /// Go's names of it: GOARCH, GOARM.
    go: (&'static str, &'static str),
}

impl Machine {
    /// What Debian's cross compilers have behind their names.
    fn package(&self) -> String {
        self.cc.trim_end_matches("-gcc").to_owned()
    }
}

const NATIVE: Machine = Machine {
    folder: "native",
    debian: "amd64",
    cc: "cc",
    cxx: "c++",
    rust: Some("x86_64-unknown-linux-gnu"),
    go: ("amd64", ""),
};
const AARCH64: Machine = Machine {
    folder: "aarch64",
    debian: "arm64",
    cc: "aarch64-linux-gnu-gcc",
    cxx: "aarch64-linux-gnu-g++",
    rust: Some("aarch64-unknown-linux-gnu"),
    go: ("arm64", ""),
};
const ARMHF: Machine = Machine {
    folder: "armhf",
    debian: "armhf",
    cc: "arm-linux-gnueabihf-gcc",
    cxx: "arm-linux-gnueabihf-g++",
    rust: None,
    go: ("arm", "7"),
};
const ARMEL: Machine = Machine {
    folder: "armel",
    debian: "armel",
    cc: "arm-linux-gnueabi-gcc",
    cxx: "arm-linux-gnueabi-g++",
    rust: None,
    go: ("arm", "5"),
};
const BUILT: [Machine; 4] = [NATIVE, AARCH64, ARMHF, ARMEL];

struct Guests {
    root: PathBuf,
}

impl Guests {
    fn busybox(&self) -> Result<()> {
        for Machine { folder, debian, .. } in &BUILT {
            self.make(folder, "busybox", |output| {
                let package = format!("busybox-static:{debian}");
                let unpacked = self.unpacked(&package.replace(':', "-"), &[package.as_str()])?;
                copy(&unpacked.join("bin/busybox"), output)
            })?;
        }
        Ok(())
    }

    fn lua(&self) -> Result<()> {
        for machine in &BUILT {
            self.make(machine.folder, "lua", |output| {
                let source = self.source("lua5.4")?.join("src");
                let mut command = Command::new(machine.cc);
                command
                    .args(["-O2", "-ffp-contract=off", "-static", "-w", "-DLUA_USE_POSIX", "-o"])
                    .arg(output);
                for entry in fs::read_dir(&source)? {
                    let path = entry?.path();
                    let is_c = path.extension().is_some_and(|extension| extension == "c");
                    if is_c && path.file_name().is_some_and(|name| name != "luac.c") {
                        command.arg(path);
                    }
                }
                tool::run(command.arg("-lm"))?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn sqlite(&self) -> Result<()> {
        for machine in &BUILT {
            self.make(machine.folder, "sqlite3", |output| {
                let source = self.source("sqlite3")?;
                if !source.join("sqlite3.c").is_file() {
                    if !Path::new("/usr/bin/tclsh").exists() {
                        bail!("tclsh is missing: apt-get install tcl");
                    }
                    tool::run(Command::new("sh").arg("configure").current_dir(&source))?;
                    tool::run(Command::new("make").args(["sqlite3.c", "shell.c"]).current_dir(&source))?;
                }
                let mut command = Command::new(machine.cc);
                command.args(["-O2", "-ffp-contract=off", "-static", "-w"]);
                command
                    .args([
                        "-DSQLITE_OMIT_LOAD_EXTENSION",
                        "-DSQLITE_THREADSAFE=1",
                        "-pthread",
                        "-o",
                    ])
                    .arg(output);
                command
                    .args([source.join("sqlite3.c"), source.join("shell.c")])
                    .arg("-lm");
                tool::run(&mut command)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn cxx(&self) -> Result<()> {
        for machine in &BUILT {
            self.make(machine.folder, "cxx", |output| {
                let mut command = Command::new(machine.cxx);
                command
                    .args(["-std=c++17", "-O2", "-ffp-contract=off", "-static", "-pthread", "-o"])
                    .arg(output);
                tool::run(command.arg(our_source("cxx.cc")))?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// With Debian's own compiler and the standard library that it has for arm64.
    fn rust(&self) -> Result<()> {
        for machine in &BUILT {
            let Some(target) = machine.rust else { continue };
            self.make(machine.folder, "rust", |output| {
                let usr = self.unpacked("rust", &RUST_PACKAGES)?.join("usr");
                let mut command = Command::new(usr.join("bin/rustc"));
                command.env("LD_LIBRARY_PATH", usr.join("lib/x86_64-linux-gnu"));
                command
                    .arg("--sysroot")
                    .arg(&usr)
                    .args(["--edition=2021", "-O", "--target", target]);
                command.args(["-C", "target-feature=+crt-static", "-C", "strip=debuginfo"]);
                command
                    .arg("-C")
                    .arg(format!("linker={}", machine.cc))
                    .arg("-o")
                    .arg(output);
                tool::run(command.arg(our_source("rust.rs")))?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn go(&self) -> Result<()> {
        for machine in &BUILT {
            self.make(machine.folder, "go", |output| {
                let root = self.unpacked("go", &GO_PACKAGES)?.join("usr/lib/go-1.19");
                let mut command = Command::new(root.join("bin/go"));
                command
                    .env("GOROOT", &root)
                    .env("GOCACHE", self.root.join("build/go-cache"));
                command
                    .env("GOPATH", self.root.join("build/go-path"))
                    .env("GO111MODULE", "off");
                command
                    .env("GOOS", "linux")
                    .env("GOARCH", machine.go.0)
                    .env("GOARM", machine.go.1)
                    .env("CGO_ENABLED", "0");
                tool::run(command.args(["build", "-o"]).arg(output).arg(our_source("go.go")))?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// A root directory with programs of Debian's packages for an architecture and all that they depend on. Nothing of it is configured as
    /// dpkg would do it, which takes programs that run; the few files that programs ask for are written here. A root directory of other packages
    /// is made anew.
    fn distribution(&self, folder: &str, architecture: &str, packages: &[&str]) -> Result<()> {
        let root = self.root.join(folder);
        let list = packages.join(" ");
        if root.is_dir() && fs::read_to_string(root.join(PACKAGES)).ok().as_ref() != Some(&list) {
            fs::remove_dir_all(&root)?;
        }
        once(&root, |partial| {
            println!("{folder}: {list}");
            let archives = self.root.join("build/archives");
            fs::create_dir_all(archives.join("partial"))?;
            let mut install = self.apt()?;
            install
                .args(["--yes", "--download-only", "--no-install-recommends"])
                .args([
                    "-o",
                    &format!("APT::Architecture={architecture}"),
                    "-o",
                    "Debug::NoLocking=1",
                    "-o",
                ])
                .arg(format!("Dir::Cache::archives={}", archives.display()));
            tool::run(install.arg("install").args(packages))?;
            for folder in [
                "usr/bin", "usr/sbin", "usr/lib", "proc", "sys", "dev", "tmp", "etc", "root",
            ] {
                fs::create_dir_all(partial.join(folder))?;
            }
            for folder in ["bin", "sbin", "lib"] {
                symlink(format!("usr/{folder}"), partial.join(folder))?;
            }
            for entry in fs::read_dir(&archives)? {
                let package = entry?.path();
                if package.extension().is_some_and(|extension| extension == "deb") {
                    let mut unpack = Command::new("sh");
                    let line =
                        "dpkg-deb --fsys-tarfile \"$0\" | tar -x --keep-directory-symlink --no-same-owner -C \"$1\"";
                    tool::run(unpack.args(["-c", line]).arg(&package).arg(partial))?;
                }
            }
            fs::remove_dir_all(&archives)?;
            let defaults = partial.join("usr/share/base-passwd");
            for name in ["passwd", "group"] {
                copy(
                    &defaults.join(format!("{name}.master")),
                    &partial.join("etc").join(name),
                )?;
            }
            fs::write(partial.join("etc/hosts"), "127.0.0.1 localhost\n")?;
            Ok(fs::write(partial.join(PACKAGES), &list)?)
        })
    }

    /// Makes `root/folder/name` by calling `build`, unless it is there and newer than this program; a build that fails
    /// leaves nothing behind.
    fn make(&self, folder: &str, name: &str, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let output = self.root.join(folder).join(name);
        let partial = self.root.join(folder).join(format!(".{name}.partial"));
        let sources = armlet_tests::test_binaries().join("src/real");
        let newest = fs::read_dir(sources)?
            .filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok())
            .max();
        if output.metadata().and_then(|data| data.modified()).ok() > newest {
            return Ok(());
        }
        println!("{folder}/{name}");
        fs::create_dir_all(self.root.join(folder))?;
        build(&partial).with_context(|| format!("{folder}/{name}"))?;
        fs::rename(&partial, &output).with_context(|| format!("{}", output.display()))
    }

    /// Downloads packages and unpacks them into a folder of their own, which it gives.
    fn unpacked(&self, name: &str, packages: &[&str]) -> Result<PathBuf> {
        let folder = self.root.join("build").join(name);
        once(&folder, |partial| {
            let downloads = partial.with_extension("debs");
            fs::create_dir_all(&downloads)?;
            tool::run(self.apt()?.arg("download").args(packages).current_dir(&downloads))?;
            for entry in fs::read_dir(&downloads)? {
                tool::run(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(partial))?;
            }
            Ok(fs::remove_dir_all(&downloads)?)
        })?;
        Ok(folder)
    }

    /// Downloads a source package and unpacks its original archive; gives the folder with the sources.
    fn source(&self, package: &str) -> Result<PathBuf> {
        let folder = self.root.join("build").join(format!("{package}-source"));
        once(&folder, |partial| {
            tool::run(
                self.apt()?
                    .args(["source", "--download-only", package])
                    .current_dir(partial),
            )?;
            for entry in fs::read_dir(partial)? {
                let path = entry?.path();
                if path.to_string_lossy().contains(".orig.tar.") {
                    tool::run(Command::new("tar").arg("xf").arg(&path).current_dir(partial))?;
                }
            }
            Ok(())
        })?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                return Ok(path);
            }
        }
        bail!("{}: no sources were unpacked", folder.display())
    }

    /// An `apt-get` with lists, caches and sources of its own, which knows the ARM architectures.
    fn apt(&self) -> Result<Command> {
        let folder = self.root.join("apt");
        let configuration = folder.join("apt.conf");
        once(&folder, |partial| {
            for needed in ["state/lists/partial", "cache/archives/partial"] {
                fs::create_dir_all(partial.join(needed))?;
            }
            fs::write(partial.join("state/status"), "")?;
            let mirror = std::env::var("ARMLET_DEBIAN_MIRROR").unwrap_or("http://deb.debian.org/debian".into());
            let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
            if !Path::new(keys).exists() {
                bail!("{keys} is missing: apt-get install debian-archive-keyring");
            }
            let source = format!("[signed-by={keys}] {mirror} {SUITE} main");
            fs::write(
                partial.join("sources.list"),
                format!("deb {source}\ndeb-src {source}\n"),
            )?;
            let at = folder.display();
            let text = format!(
                "Dir::State \"{at}/state\";\nDir::State::status \"{at}/state/status\";\nDir::Cache \"{at}/cache\";\n\
                 Dir::Etc::sourcelist \"{at}/sources.list\";\nDir::Etc::sourceparts \"-\";\n\
                 APT::Architectures {{ \"amd64\"; \"arm64\"; \"armhf\"; \"armel\"; }};\n\
                 APT::Sandbox::User \"\";\nAcquire::Languages \"none\";\n"
            );
            Ok(fs::write(partial.join("apt.conf"), text)?)
        })?;
        let command = || {
            let mut command = Command::new("apt-get");
            command.env("APT_CONFIG", &configuration).arg("--quiet");
            command
        };
        let updated = folder.join("updated");
        if !updated.exists() {
            println!("package lists of {SUITE}");
            tool::run(command().args(["--error-on=any", "update"]))?;
            fs::write(updated, "")?;
        }
        Ok(command())
    }
}

/// Makes a folder by filling another one that then takes its name, so that a half-made one is never taken for whole.
fn once(folder: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let partial = folder.with_extension("partial");
    armlet_tests::fresh_directory(&partial)?;
    fill(&partial)?;
    fs::rename(&partial, folder).with_context(|| format!("{}", folder.display()))
}

fn our_source(name: &str) -> PathBuf {
    armlet_tests::test_binaries().join("src/real").join(name)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("{}", from.display()))?;
    Ok(())
}
