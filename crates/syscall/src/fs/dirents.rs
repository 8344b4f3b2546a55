//! Directories of AArch32 programs. The host's positions in a directory have 63 bits (ext4 makes them of hashes), while the program
//! has 32 for them: `long` offsets in `getdents`, and C libraries that refuse larger ones in `getdents64`. So a large position is given a small
//! number, its *cookie*, by which `lseek` finds it again. A position that is small already is its own cookie.
//!
//! The book is kept per directory and not per descriptor: positions mean the same to all descriptors of a directory, whether they were
//! duplicated, inherited or opened anew.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use armlet_memory as memory;

use crate::Errno;
use crate::abi::a64::HostStat;
use crate::call::Call;
use crate::task::{Break, Reply};

/// Positions from here on get cookies, which count from here.
const FIRST_COOKIE: u64 = 0x4000_0000;
/// Bytes that are fetched from the host at once.
const MOST_BYTES: u64 = 64 << 10;
/// Before the name in the host's `struct linux_dirent64`: d_ino, d_off, d_reclen, d_type.
const WIDE_NAME: usize = 19;
/// Before the name in a 32-bit `struct linux_dirent`: d_ino, d_off, d_reclen.
const NARROW_NAME: usize = 10;

/// The large positions of one directory.
#[derive(Default)]
struct Positions {
    by_cookie: Vec<u64>,
    cookies: HashMap<u64, u32>,
}

impl Positions {
    /// The cookie of a position. The one at the end of a directory (the largest there is) must stay in order behind all others.
    fn cookie(&mut self, position: u64) -> u64 {
        if position < FIRST_COOKIE {
            return position;
        }
        if position >= i64::MAX as u64 {
            return i32::MAX as u64;
        }
        let next = self.by_cookie.len() as u32;
        let number = *self.cookies.entry(position).or_insert(next);
        if number == next {
            self.by_cookie.push(position);
        }
        FIRST_COOKIE + u64::from(number)
    }

    /// The position of a cookie; what is no cookie stays.
    fn position(&self, cookie: u64) -> u64 {
        if cookie == i32::MAX as u64 {
            return i64::MAX as u64;
        }
        let known = cookie
            .checked_sub(FIRST_COOKIE)
            .and_then(|number| self.by_cookie.get(number as usize));
        known.copied().unwrap_or(cookie)
    }
}

/// By device and inode.
type Book = HashMap<(u64, u64), Positions>;

static BOOK: LazyLock<Mutex<Book>> = LazyLock::new(Mutex::default);

fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the book still, over a fork.
pub(crate) fn freeze() -> impl Drop {
    book()
}

/// Device and inode of a descriptor, if it is a directory's.
fn directory(call: &Call<'_>, descriptor: u64) -> Option<(u64, u64)> {
    let mut stat = HostStat::default();
    call.host(libc::SYS_fstat, [descriptor, &raw mut stat as u64]).ok()?;
    (stat.st_mode & libc::S_IFMT == libc::S_IFDIR).then_some((stat.st_dev, stat.st_ino))
}

/// One entry of the host's.
struct Entry<'a> {
    inode: u64,
    position: u64,
    kind: u8,
    name: &'a [u8],
}

/// Takes the next entry off what getdents64 has stored.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Entry<'a>> {
    let number = |at: usize| Some(u64::from_le_bytes(*rest.get(at..)?.first_chunk()?));
    let (inode, position) = (number(0)?, number(8)?);
    let length = usize::from(u16::from_le_bytes(*rest.get(16..)?.first_chunk()?));
    let record = rest.get(..length)?;
    let name = record.get(WIDE_NAME..)?;
    let entry = Entry {
        inode,
        position,
        kind: record[18],
        name: &name[..name.iter().position(|&byte| byte == 0)?],
    };
    *rest = &rest[length..];
    Some(entry)
}

/// Reads entries and writes them in the form that `write` gives them, which is never longer than the host's: so all that the host has
/// stored finds room.
fn read(call: &mut Call<'_>, write: impl Fn(&Entry<'_>, u64) -> Vec<u8>) -> Reply {
    let [descriptor, buffer, room, ..] = call.args;
    let mut bytes = vec![0_u8; room.min(MOST_BYTES) as usize];
    let key = directory(call, descriptor).unwrap_or_default();
    let length = call.wait(
        libc::SYS_getdents64,
        [descriptor, bytes.as_mut_ptr() as u64, bytes.len() as u64],
    )?;
    let (mut rest, mut guest) = (&bytes[..length as usize], Vec::new());
    {
        let mut book = book();
        let positions = book.entry(key).or_default();
        while let Some(entry) = next(&mut rest) {
            guest.extend(write(&entry, positions.cookie(entry.position)));
        }
    }
    memory::write_bytes(buffer, &guest)?;
    Ok(guest.len() as u64)
}

/// getdents64: getdents(2).
pub fn getdents64(call: &mut Call<'_>) -> Reply {
    read(call, |entry, cookie| {
        let mut record = Vec::with_capacity(WIDE_NAME + entry.name.len() + 8);
        record.extend_from_slice(&entry.inode.to_le_bytes());
        record.extend_from_slice(&cookie.to_le_bytes());
        let length = (WIDE_NAME + entry.name.len() + 1).next_multiple_of(8);
        record.extend_from_slice(&(length as u16).to_le_bytes());
        record.push(entry.kind);
        record.extend_from_slice(entry.name);
        record.resize(length, 0);
        record
    })
}

/// getdents(2): 32-bit numbers, and the type in the last byte of an entry.
pub fn getdents(call: &mut Call<'_>) -> Reply {
    read(call, |entry, cookie| {
        let mut record = Vec::with_capacity(NARROW_NAME + entry.name.len() + 6);
        record.extend_from_slice(&(entry.inode as u32).to_le_bytes());
        record.extend_from_slice(&(cookie as u32).to_le_bytes());
        let length = (NARROW_NAME + entry.name.len() + 2).next_multiple_of(4);
        record.extend_from_slice(&(length as u16).to_le_bytes());
        record.extend_from_slice(entry.name);
        record.resize(length - 1, 0);
        record.push(entry.kind);
        record
    })
}

/// Seeks, in a directory by cookies; answers the offset, whole.
fn seek(call: &mut Call<'_>, offset: u64, whence: u64) -> Result<u64, Break> {
    let descriptor = call.args[0];
    let absolute = whence as i32 == libc::SEEK_SET;
    let mut target = offset;
    // Only large numbers can be cookies, and only large results need one.
    if absolute
        && (FIRST_COOKIE..=i32::MAX as u64).contains(&offset)
        && let Some(key) = directory(call, descriptor)
        && let Some(positions) = book().get(&key)
    {
        target = positions.position(offset);
    }
    let result = call.host(libc::SYS_lseek, [descriptor, target, whence])?;
    if result >= FIRST_COOKIE
        && let Some(key) = directory(call, descriptor)
    {
        return Ok(book().entry(key).or_default().cookie(result));
    }
    Ok(result)
}

/// lseek(2). A result that does not fit is EOVERFLOW, after the seek, as in the kernel.
pub fn lseek(call: &mut Call<'_>) -> Reply {
    let [_, offset, whence, ..] = call.args;
    match seek(call, offset, whence)? {
        result if result > i32::MAX as u64 => Err(Errno::EOVERFLOW.into()),
        result => Ok(result),
    }
}

/// _llseek: lseek(2) with offset and result of 64 bits.
pub fn llseek(call: &mut Call<'_>) -> Reply {
    let [_, offset, at, whence, ..] = call.args;
    if whence > libc::SEEK_HOLE as u64 {
        return Err(Errno::EINVAL.into());
    }
    let result = seek(call, offset, whence)?;
    call.write(at, &result)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_positions_have_small_cookies() {
        let mut positions = Positions::default();
        assert_eq!(positions.cookie(7), 7);
        let (a, b) = (positions.cookie(0x1234_5678_9abc_def0), positions.cookie(0x4000_0000));
        assert_eq!((a, b), (FIRST_COOKIE, FIRST_COOKIE + 1));
        assert_eq!(positions.cookie(0x1234_5678_9abc_def0), a, "the same every time");
        assert_eq!(positions.cookie(i64::MAX as u64), i32::MAX as u64);
        for position in [7, 0x1234_5678_9abc_def0, 0x4000_0000, i64::MAX as u64] {
            let cookie = positions.cookie(position);
            assert!(cookie <= i32::MAX as u64);
            assert_eq!(positions.position(cookie), position);
        }
    }
}
