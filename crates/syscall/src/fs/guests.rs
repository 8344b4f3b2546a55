//! Who another process is, as a guest sees it: a process of armlet's that runs a program, the same before it has loaded the program, or
//! something of the host's.
//!
//! armlet tells the kernel where a program's code is (`PR_SET_MM_MAP`), when it is loaded. Until then, what the armlet before it has
//! handed over says which program it is. The kernel sets the environment of a process together with its program, so there is no moment
//! in which another process could take a guest process for armlet.

use std::ffi::CString;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// The environment variable by which one armlet hands a program over to the next, with the equals sign. What follows are fields (see
/// [`fields`]), of which the first is the true path of the program's file.
pub const HANDOVER: &[u8] = b"ARMLET_HANDOVER=";

/// The fields of a handover: the length of each in decimal digits, a colon, and that many bytes. Ends before the first that is malformed.
pub fn fields(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let colon = rest.iter().position(|&byte| byte == b':')?;
        let length: usize = std::str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
        let end = (colon + 1).checked_add(length)?;
        let field = rest.get(colon + 1..end)?;
        rest = &rest[end..];
        Some(field)
    })
}

/// One past the highest address where a guest's code can be: armlet's own is above.
const LIMIT: u64 = armlet_memory::space::TOP;

/// Rounds of waiting for a kernel that is between two programs, or for a process that is between two of its own steps.
const ROUNDS: u32 = 1000;
const ROUND: Duration = Duration::from_micros(200);

/// The program of another process, whose directory in procfs that is, if the process is a guest.
pub(super) fn program(directory: &Path) -> Option<CString> {
    let own = fs::read_link("/proc/self/exe").ok()?;
    let mut seen = None;
    for _ in 0..ROUNDS {
        if fs::read_link(directory.join("exe")).ok()? != own {
            return None;
        }
        let start = start_of_code(directory)?;
        match start {
            // The kernel is about to start a program.
            0 => std::thread::sleep(ROUND),
            1..LIMIT => {
                if let Some(path) = mapped_at(directory, start) {
                    return Some(path);
                }
            }
            _ => {
                if let Some(path) = handed_over(directory) {
                    return Some(path);
                }
            }
        }
        // It may have gone on in between. If it has not, there is no more to be found out.
        if start != 0 && seen == Some(start) {
            return None;
        }
        seen = Some(start);
    }
    None
}

/// Where the kernel believes that the code of a process begins.
fn start_of_code(directory: &Path) -> Option<u64> {
    /// Of /proc/PID/stat, counted from the one behind the name.
    const START_CODE: usize = 23;
    let stat = fs::read(directory.join("stat")).ok()?;
    // The name may be any bytes.
    let behind = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let fields = std::str::from_utf8(&stat[behind..]).ok()?;
    fields.split_ascii_whitespace().nth(START_CODE)?.parse().ok()
}

/// The file that is mapped at an address of another process.
fn mapped_at(directory: &Path, address: u64) -> Option<CString> {
    let maps = fs::read(directory.join("maps")).ok()?;
    maps.split(|&byte| byte == b'\n').find_map(|line| {
        let blank = line.iter().position(|&byte| byte == b' ')?;
        let (low, high) = std::str::from_utf8(&line[..blank]).ok()?.split_once('-')?;
        let range = u64::from_str_radix(low, 16).ok()?..u64::from_str_radix(high, 16).ok()?;
        let path = &line[line.iter().position(|&byte| byte == b'/')?..];
        range.contains(&address).then(|| CString::new(path).ok())?
    })
}

/// The program that another process has been handed over, and has not loaded yet.
fn handed_over(directory: &Path) -> Option<CString> {
    let mut environment = Vec::new();
    fs::File::open(directory.join("environ"))
        .and_then(|mut file| file.read_to_end(&mut environment))
        .ok()?;
    let mut strings = environment.split(|&byte| byte == 0);
    let handover = strings.find_map(|string| string.strip_prefix(HANDOVER))?;
    CString::new(fields(handover).next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_where_they_are_malformed() {
        let all = |text: &'static [u8]| fields(text).collect::<Vec<_>>();
        assert_eq!(all(b"3:a:b0:2:xy"), [b"a:b".as_slice(), b"", b"xy"]);
        assert_eq!(all(b"1:a9:b"), [b"a"]);
        assert!(all(b"99999999999999999999:a").is_empty());
        assert!(all(b"x").is_empty());
    }

    #[test]
    fn a_process_that_has_not_loaded_its_program() {
        // Any process that looks as armlet does, at a moment when it has no guest's code: this one's test, started anew to wait.
        let own = std::env::current_exe().expect("a path");
        let start = |handover: Option<&str>| {
            let mut command = std::process::Command::new(&own);
            command
                .args(["--exact", "fs::guests::tests::waits", "--ignored"])
                .env_clear()
                .env("WAITS", "");
            if let Some(handover) = handover {
                command.env("ARMLET_HANDOVER", handover);
            }
            command
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("starts")
        };
        let find = |handover| {
            let mut child = start(handover);
            let found = program(Path::new(&format!("/proc/{}", child.id())));
            drop(child.stdin.take());
            child.wait().expect("ends");
            found
        };
        assert_eq!(find(Some("10:/usr/bin/a9:and more")), Some(c"/usr/bin/a".into()));
        assert_eq!(find(Some("nonsense")), None);
        assert_eq!(find(None), None);
    }

    #[test]
    #[ignore = "the other process of the test above"]
    fn waits() {
        if std::env::var_os("WAITS").is_some() {
            let _ = std::io::stdin().read(&mut [0]);
        }
    }
}
