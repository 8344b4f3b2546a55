//! `armlet strace --translation`: what becomes of a guest's system call on the host. While somebody wants to know, every call of the host's
//! kernel that a handler makes is noted, with the structures that the two architectures lay out differently.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use armlet_memory::read_bytes;

use super::names;
use crate::Errno;
use crate::abi::Abi;
use crate::row::{Arg, Row};

static WANTED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static MADE: RefCell<Vec<Made>> = const { RefCell::new(Vec::new()) };
}

/// A call of the host's kernel.
struct Made {
    number: i64,
    args: [u64; 6],
    result: Result<u64, Errno>,
    /// Index of the argument that points to a structure, and the bytes there when the call was over.
    structure: Option<(usize, Vec<u8>)>,
}

/// Structures that differ: number of the host's call, argument, bytes on the host, bytes on arm64 and the structure's name; of an array,
/// the bytes are those of one element.
const STRUCTURES: [(i64, usize, usize, usize, &str); 5] = [
    (libc::SYS_newfstatat, 2, 144, 128, "struct stat"),
    (libc::SYS_fstat, 1, 144, 128, "struct stat"),
    (libc::SYS_epoll_ctl, 3, 12, 16, "struct epoll_event"),
    (libc::SYS_epoll_pwait, 1, 12, 16, "struct epoll_event"),
    (libc::SYS_epoll_wait, 1, 12, 16, "struct epoll_event"),
];

/// `O_*` that have another bit on the host: name, arm64, x86-64.
const OPEN_FLAGS: [(&str, u64, u64); 4] = [
    ("O_DIRECTORY", 0o40000, 0o200000),
    ("O_NOFOLLOW", 0o100000, 0o400000),
    ("O_DIRECT", 0o200000, 0o40000),
    ("O_LARGEFILE", 0o400000, 0o100000),
];

/// From now on, calls are noted.
pub(crate) fn want() {
    WANTED.store(true, Ordering::Relaxed);
}

/// Whether they are.
#[inline(always)]
pub(crate) fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Notes one.
#[cold]
pub(crate) fn note(number: i64, args: [u64; 6], result: Result<u64, Errno>) {
    let known = STRUCTURES.iter().find(|(call, ..)| *call == number);
    let structure = known.and_then(|&(_, index, size, ..)| {
        let mut bytes = vec![0; size];
        read_bytes(args[index], &mut bytes).ok()?;
        Some((index, bytes))
    });
    let made = Made {
        number,
        args,
        result,
        structure,
    };
    MADE.with_borrow_mut(|list| list.push(made));
}

/// What has been noted for the call of this row, in lines; begins anew.
pub(super) fn take(row: &Row, args: [u64; 6]) -> String {
    let made = MADE.take();
    let mut text = String::new();
    // The structures of arm EABI are others again.
    let wide = Abi::A64
        .row(row.number.into())
        .is_some_and(|known| std::ptr::eq(known, row));
    if made.is_empty() {
        let _ = writeln!(
            text,
            "    guest {}: done by armlet, without a call of the host",
            row.number
        );
    }
    for made in made {
        let name = host_name(made.number);
        let values: Vec<String> = made.args.iter().map(|&arg| names::hex(arg)).collect();
        let result = match made.result {
            Ok(value) => names::hex(value),
            Err(errno) => format!("-1 {errno:?}"),
        };
        let _ = writeln!(
            text,
            "    guest {} -> x86-64 {} ({name}): ({}) = {result}",
            row.number,
            made.number,
            values.join(", ")
        );
        for (index, kind) in row.arguments.iter().enumerate() {
            let (guest, host) = (args[index], made.args[index]);
            if matches!(kind, Arg::Open) {
                flags(&mut text, guest, host);
            } else if guest != host && made.structure.as_ref().is_none_or(|(at, _)| *at != index) && !name.is_empty() {
                let _ = writeln!(text, "      argument {index}: {guest:#x} -> {host:#x}");
            }
        }
        if let Some((index, bytes)) = made.structure.filter(|_| wide) {
            structure(&mut text, made.number, args, index, &bytes);
        }
    }
    text
}

fn flags(text: &mut String, guest: u64, host: u64) {
    let _ = writeln!(
        text,
        "      flags: {guest:#x} ({}) -> {host:#x}",
        names::open_flags(guest as u32)
    );
    for (name, arm, x86) in OPEN_FLAGS {
        if guest & arm != 0 {
            let _ = writeln!(text, "        {name}: {arm:#x} -> {x86:#x}");
        }
    }
}

fn structure(text: &mut String, number: i64, args: [u64; 6], index: usize, host: &[u8]) {
    let Some(&(_, _, _, size, name)) = STRUCTURES.iter().find(|(call, ..)| *call == number) else {
        return;
    };
    let mut guest = vec![0; size];
    // The guest's structure is at the guest's own argument: the one of `fstat` is its second, that of `newfstatat` its third.
    if read_bytes(args[index], &mut guest).is_err() {
        return;
    }
    let _ = writeln!(text, "      {name}: x86-64, {} bytes", host.len());
    bytes(text, host);
    let _ = writeln!(text, "      {name}: arm64, {size} bytes");
    bytes(text, &guest);
}

fn bytes(text: &mut String, bytes: &[u8]) {
    for (row, line) in bytes.chunks(16).enumerate() {
        let line: Vec<String> = line
            .chunks(4)
            .map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        let _ = writeln!(text, "        {:4x}  {}", 16 * row, line.join(" "));
    }
}

/// The names of the host's calls that differ from the guest's in number; empty if it is not known.
fn host_name(number: i64) -> &'static str {
    let same = crate::table::TABLE
        .iter()
        .find(|row| matches!(row.action, crate::row::Action::Host(host) if host == number));
    match number {
        libc::SYS_newfstatat => "newfstatat",
        libc::SYS_fstat => "fstat",
        libc::SYS_openat => "openat",
        libc::SYS_epoll_ctl => "epoll_ctl",
        libc::SYS_epoll_pwait => "epoll_pwait",
        _ => same.map_or("", |row| row.name),
    }
}
