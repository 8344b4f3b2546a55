//! Conformance programs: the tests that the source packages of Linux and of qemu carry, as `crates/cli/tests/real/conformance.txt` lists
//! them, each built statically into `MACHINE/conformance`.

use super::{BUILT, Guests, Machine, once};
use crate::tool;
use anyhow::{Context, Result};
use armlet_tests::conformance::{self, Program};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const LIST: &str = include_str!("../../../crates/cli/tests/real/conformance.txt");
/// Package, the folder of its archive that is taken, how many components of the path go.
const SOURCES: [(&str, &str, u32); 2] = [("linux", "*/tools/testing/selftests", 3), ("qemu", "*/tests/tcg", 2)];
/// What the programs link with besides the C library.
const LIBRARIES: [&str; 2] = ["libcap-dev", "libpopt-dev"];

impl Guests {
    /// Fetches and builds them, two at a time.
    pub(super) fn conformance(&self) -> Result<()> {
        let sources = self.conformance_sources()?;
        let programs = conformance::programs(LIST);
        let machines = BUILT.iter().filter(|machine| machine.folder != "armel");
        let mut jobs = Vec::new();
        for machine in machines {
            let missing = |program: &&Program| {
                program.is_for(machine.folder) && !self.root.join(program.path(machine.folder)).exists()
            };
            let missing: Vec<_> = programs.iter().filter(missing).collect();
            if missing.is_empty() {
                continue;
            }
            println!("{}/conformance: {} programs", machine.folder, missing.len());
            fs::create_dir_all(self.root.join(machine.folder).join("conformance"))?;
            let packages = LIBRARIES.map(|library| format!("{library}:{}", machine.debian));
            let packages: Vec<_> = packages.iter().map(String::as_str).collect();
            let libraries = self.unpacked(&format!("conformance-{}", machine.folder), &packages)?;
            jobs.extend(missing.into_iter().map(|program| (machine, program, libraries.clone())));
        }
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            while let Some((machine, program, libraries)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let output = self.root.join(program.path(machine.folder));
                compile(machine, program, &sources, libraries, &output)
                    .with_context(|| format!("{} for {}", program.source, machine.folder))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let other = scope.spawn(work);
            work().and(other.join().expect("compilers do not panic"))
        })
    }

    /// The folder of the sources. The packages' archives are large, and removed.
    fn conformance_sources(&self) -> Result<PathBuf> {
        let folder = self.root.join("build/conformance-sources");
        once(&folder, |partial| {
            for (package, part, depth) in SOURCES {
                println!("tests of {package}'s source package");
                let download = partial.with_extension("download");
                armlet_tests::fresh_directory(&download)?;
                let mut fetch = self.apt()?;
                fetch.args(["source", "--download-only", "--tar-only", package]);
                tool::run(fetch.current_dir(&download))?;
                for archive in fs::read_dir(&download)? {
                    let mut unpack = Command::new("tar");
                    unpack.arg("-xf").arg(archive?.path()).arg("-C").arg(partial);
                    tool::run(unpack.args(["--wildcards", &format!("--strip-components={depth}"), part]))?;
                }
                fs::remove_dir_all(&download)?;
            }
            Ok(())
        })?;
        Ok(folder)
    }
}

/// Compiles one program.
fn compile(machine: &Machine, program: &Program, sources: &Path, libraries: &Path, output: &Path) -> Result<()> {
    let main = sources.join(&program.source).with_extension("c");
    let folder = main.parent().context("a source is in a folder")?;
    let partial = output.with_extension("partial");
    let mut command = Command::new(machine.cc);
    // qemu's tests are built without optimisation, which would compute what is tested.
    let level = if program.source.starts_with("tcg/") {
        "-O0"
    } else {
        "-O2"
    };
    command.args([level, "-w", "-s", "-static", "-pthread", "-D_GNU_SOURCE="]);
    for include in ["", "futex/include", "arm64/signal"] {
        command.arg("-I").arg(sources.join("selftests").join(include));
    }
    command.arg("-I").arg(folder).arg(&main);
    for word in &program.with {
        match word.strip_prefix('+') {
            Some(source) => command.arg(folder.join(source)),
            None if word.starts_with("-l") => continue,
            None => command.arg(word),
        };
    }
    command.arg("-I").arg(libraries.join("usr/include"));
    for entry in fs::read_dir(libraries.join("usr/lib"))? {
        command.arg("-L").arg(entry?.path());
    }
    command.args(program.with.iter().filter(|word| word.starts_with("-l")));
    tool::run(command.args(["-lrt", "-lm", "-o"]).arg(&partial))?;
    Ok(fs::rename(&partial, output)?)
}
