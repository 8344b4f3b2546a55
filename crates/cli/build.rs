//! Links the `armlet` command statically, so that it starts faster, and can start itself again (for `execve`) where the host's
//! libraries cannot be seen: in a chroot, in an ARM root file system.
//!
//! `+crt-static` would do it for the whole build only, in which procedural macros do not compile. So the linker is led to static
//! archives instead: it looks into the directory made here before its own ones. Where the archives are missing, the
//! command is linked as usual.
//!
//! Half a megabyte of it are tables with addresses in them, which the C library corrects at every start. The list of these places is short if linker and
//! library know the packed form.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The C library and what belongs to it, as rustc asks for them; `libgcc_s` has another name as an archive.
const LIBRARIES: [(&str, &[&str]); 7] = [
    ("gcc_s", &["libgcc_eh.a", "libgcc.a", "libc.a"]),
    ("c", &["libc.a", "libgcc_eh.a", "libgcc.a"]),
    ("m", &["libm.a"]),
    ("pthread", &["libpthread.a"]),
    ("dl", &["libdl.a"]),
    ("rt", &["librt.a"]),
    ("util", &["libutil.a"]),
];

/// For the linker: packs relocations.
const PACKED: &str = "-Wl,-z,pack-relative-relocs";

/// A program that relies on them.
const RELOCATED: &str = "static TABLE: [&str; 3] = [\"a\", \"b\", \"c\"];
fn main() { print!(\"{}\", std::hint::black_box(&TABLE).concat()) }
";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    if target != "x86_64-unknown-linux-gnu" || env::var("HOST").is_ok_and(|host| host != target) {
        return;
    }
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it")).join("static");
    match archives(&directory) {
        Some(()) => {
            println!("cargo::rustc-link-arg-bins=-static-pie");
            println!("cargo::rustc-link-arg-bins=-L{}", directory.display());
            if works(&["-static-pie", PACKED], &directory) {
                println!("cargo::rustc-link-arg-bins={PACKED}");
            }
        }
        None => println!("cargo::warning=no static C library: armlet will need the host's libraries after a chroot"),
    }
}

/// Whether a program that is linked with these arguments runs.
fn works(arguments: &[&str], directory: &Path) -> bool {
    let (source, program) = (directory.join("try.rs"), directory.join("try"));
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let mut rustc = Command::new(variable("RUSTC").unwrap_or_else(|| "rustc".to_owned()));
    rustc.args(["--edition=2024", "--crate-name=attempt"]);
    if let Some(linker) = variable("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    if let Some(flags) = variable("CARGO_ENCODED_RUSTFLAGS") {
        rustc.args(flags.split('\x1f'));
    }
    for argument in arguments {
        rustc.arg(format!("-Clink-arg={argument}"));
    }
    rustc.arg(format!("-Clink-arg=-L{}", directory.display()));
    let built = fs::write(&source, RELOCATED).is_ok()
        && rustc
            .args([source.as_path(), Path::new("-o"), &program])
            .output()
            .is_ok_and(|output| output.status.success());
    built
        && Command::new(&program)
            .output()
            .is_ok_and(|output| output.stdout == b"abc")
}

/// Makes a linker script of each library's name. `None` if an archive is missing.
fn archives(directory: &Path) -> Option<()> {
    fs::create_dir_all(directory).ok()?;
    for (name, archives) in LIBRARIES {
        let paths: Option<Vec<String>> = archives.iter().map(|archive| find(archive)).collect();
        let script = format!("GROUP({})\n", paths?.join(" "));
        fs::write(directory.join(format!("lib{name}.a")), script).ok()?;
    }
    Some(())
}

/// Where the C compiler finds a library.
fn find(archive: &str) -> Option<String> {
    let output = Command::new("cc")
        .arg(format!("-print-file-name={archive}"))
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    Path::new(&path).is_absolute().then_some(path)
}
