//! Links the `armlet` command statically, so that it starts faster, and can start itself again (for `execve`) where the host's
//! libraries cannot be seen: in a chroot, in an ARM root file system.
//!
//! `+crt-static` would do it for the whole build only, in which procedural macros do not compile. So the linker is led to static
//! archives instead: it looks into the directory made here before its own ones. Where the archives are missing, the
//! command is linked as usual.

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
        }
        None => println!("cargo::warning=no static C library: armlet will need the host's libraries after a chroot"),
    }
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
