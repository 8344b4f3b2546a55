//! What /proc/PID/{maps,smaps,smaps_rollup,statm} say of a guest's memory, and the numbers for `stat` and `status`. The mappings are the
//! guest's, with the guest's permissions; how much of them is resident, shared or swapped is the host's knowledge.
//!
//! Of this process, the address space tells the mappings. Of another one the host does: what lies below [`TOP`] is its guest's. The host
//! knows no executable pages, so that the program headers of the mapped files say which are.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use armlet_memory::space::TOP;
use armlet_memory::{Mapping, PAGE_SIZE};

/// One mapping of a guest.
struct Part {
    range: Range<u64>,
    /// Its line in `maps`.
    line: String,
    readable: bool,
    writable: bool,
    executable: bool,
    shared: bool,
    stack: bool,
    /// A file's.
    file: bool,
}

impl Part {
    fn pages(&self) -> u64 {
        (self.range.end - self.range.start) / PAGE_SIZE
    }
}

impl From<Mapping> for Part {
    fn from(mapping: Mapping) -> Part {
        Part {
            range: mapping.range(),
            line: mapping.to_string(),
            readable: mapping.protection.read(),
            writable: mapping.protection.write(),
            executable: mapping.protection.execute(),
            shared: mapping.shared,
            stack: mapping.is_stack(),
            file: mapping.file.is_some(),
        }
    }
}

/// All mappings of a guest, upwards.
pub(super) struct View {
    parts: Vec<Part>,
}

impl View {
    /// Of this process.
    pub fn own(mappings: Vec<Mapping>) -> View {
        View {
            parts: mappings.into_iter().map(Part::from).collect(),
        }
    }

    /// Of another guest, whose directory in procfs that is.
    pub fn other(directory: &Path) -> Option<View> {
        let text = fs::read(directory.join("maps")).ok()?;
        let mut files = HashMap::new();
        let lines = text.split(|&byte| byte == b'\n');
        let parts = lines.filter_map(|line| foreign_part(line, &mut files));
        Some(View { parts: parts.collect() })
    }

    /// `maps`.
    pub fn maps(&self) -> String {
        self.parts
            .iter()
            .fold(String::new(), |text, part| text + &part.line + "\n")
    }

    /// `numa_maps`, made of the host's: the lines of what is the guest's.
    pub fn numa_maps(&self, host: &str) -> String {
        let is_guests = |line: &&str| {
            let start = line
                .split(' ')
                .next()
                .and_then(|word| u64::from_str_radix(word, 16).ok());
            start.is_some_and(|start| self.parts.iter().any(|part| part.range.contains(&start)))
        };
        let lines = host.lines().filter(is_guests);
        lines.fold(String::new(), |text, line| text + line + "\n")
    }

    /// `smaps`, made from the host's; `directory` is the process's.
    pub fn smaps(&self, directory: &Path) -> Option<String> {
        let mut text = String::new();
        for (part, amounts) in self.amounts(directory)? {
            let _ = writeln!(text, "{}", part.line);
            for (key, amount) in &amounts.rows {
                let unit = if key == "THPeligible:" { "" } else { " kB" };
                let _ = writeln!(text, "{key:<16}{amount:>8}{unit}");
            }
            let _ = writeln!(text, "VmFlags: {}", amounts.flags_of(part));
        }
        Some(text)
    }

    /// `smaps_rollup`.
    pub fn rollup(&self, directory: &Path) -> Option<String> {
        let (first, last) = (self.parts.first()?, self.parts.last()?);
        let front = format!(
            "{:08x}-{:08x} ---p 00000000 00:00 0 ",
            first.range.start, last.range.end
        );
        let mut text = format!("{front:<73}[rollup]\n");
        let host = fs::read_to_string(directory.join("smaps_rollup")).ok()?;
        let amounts = self.amounts(directory)?;
        let sum = |of: &dyn Fn(&Part, &Amounts) -> u64| amounts.iter().map(|(part, amounts)| of(part, amounts)).sum();
        for line in host.lines().skip(1) {
            let key = line.split(' ').next().unwrap_or_default();
            // The share of pages that are nobody's file is what `Anonymous` says of the resident ones.
            let anonymous = |part: &Part, amounts: &Amounts| match part.file {
                true => amounts.get("Anonymous:").min(amounts.get("Pss:")),
                false if part.shared => 0,
                false => amounts.get("Pss:"),
            };
            let shared = |part: &Part, amounts: &Amounts| match part.shared && !part.file {
                true => amounts.get("Pss:"),
                false => 0,
            };
            let amount: u64 = match key {
                "Pss_Anon:" => sum(&anonymous),
                "Pss_Shmem:" => sum(&shared),
                "Pss_File:" => {
                    sum(&|part, amounts| amounts.get("Pss:") - anonymous(part, amounts) - shared(part, amounts))
                }
                _ => sum(&|_, amounts| amounts.get(key)),
            };
            let _ = writeln!(text, "{key:<16}{amount:>8} kB");
        }
        Some(text)
    }

    /// The sums for `stat`, `statm` and `status`; `code` is the program's.
    pub fn totals(&self, directory: &Path, code: Range<u64>) -> Option<Totals> {
        let pages =
            |wanted: &dyn Fn(&Part) -> bool| self.parts.iter().filter(|part| wanted(part)).map(Part::pages).sum();
        let text = code
            .end
            .next_multiple_of(PAGE_SIZE)
            .saturating_sub(code.start & !(PAGE_SIZE - 1))
            / PAGE_SIZE;
        let executable: u64 = pages(&|part| part.executable && !part.writable && !part.stack);
        let mut totals = Totals {
            size: pages(&|_| true),
            text,
            other_code: executable.saturating_sub(text),
            data: pages(&|part| part.writable && !part.shared && !part.stack),
            stack: pages(&|part| part.stack),
            ..Totals::default()
        };
        for (part, amounts) in self.amounts(directory)? {
            let kibibytes = |key| amounts.get(key);
            let anonymous = kibibytes("Anonymous:");
            let rest = kibibytes("Rss:").saturating_sub(anonymous);
            totals.anonymous += anonymous;
            *(if part.file {
                &mut totals.file
            } else {
                &mut totals.shared
            }) += rest;
            totals.swapped += kibibytes("Swap:");
            totals.locked += kibibytes("Locked:");
        }
        Some(totals)
    }

    /// What the host's `smaps` says of each part.
    fn amounts(&self, directory: &Path) -> Option<Vec<(&Part, Amounts)>> {
        let text = fs::read(directory.join("smaps")).ok()?;
        let records = records(&String::from_utf8_lossy(&text));
        let mut pages = None;
        let mut first = 0;
        let all = self.parts.iter().map(|part| {
            while records
                .get(first)
                .is_some_and(|record| record.range.end <= part.range.start)
            {
                first += 1;
            }
            let mut sum = Amounts::default();
            for record in records[first..]
                .iter()
                .take_while(|record| record.range.start < part.range.end)
            {
                let whole = part.range.start <= record.range.start && record.range.end <= part.range.end;
                let share = if whole {
                    (1, 1)
                } else {
                    // The host sees one mapping where the guest has several: the resident pages are told apart.
                    let pages = pages.get_or_insert_with(|| fs::File::open(directory.join("pagemap")).ok());
                    let common = part.range.start.max(record.range.start)..part.range.end.min(record.range.end);
                    let present = |range: &Range<u64>| pages.as_ref().and_then(|pages| present(pages, range));
                    match (present(&common), present(&record.range)) {
                        (Some(part), Some(all)) if all > 0 => (part, all),
                        _ => (common.end - common.start, record.range.end - record.range.start),
                    }
                };
                sum.add(&record.amounts, share);
            }
            for (key, amount) in &mut sum.rows {
                if key == "Size:" {
                    *amount = part.pages() * (PAGE_SIZE / 1024);
                }
            }
            (part, sum)
        });
        Some(all.collect())
    }
}

/// In pages, but for what is said to be in KiB.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// All mappings.
    pub size: u64,
    /// The program's code.
    pub text: u64,
    /// Other code.
    pub other_code: u64,
    /// Private writable mappings, without stacks.
    pub data: u64,
    /// Stacks.
    pub stack: u64,
    /// KiB resident that belong to no file.
    pub anonymous: u64,
    /// KiB resident of files.
    pub file: u64,
    /// KiB resident of shared memory.
    pub shared: u64,
    /// KiB swapped out.
    pub swapped: u64,
    /// KiB locked.
    pub locked: u64,
}

impl Totals {
    /// KiB resident.
    pub fn resident(&self) -> u64 {
        self.anonymous + self.file + self.shared
    }

    /// `statm`.
    pub fn statm(&self) -> String {
        const PAGE: u64 = PAGE_SIZE / 1024;
        let shared = (self.file + self.shared) / PAGE;
        let data = self.data + self.stack;
        format!(
            "{} {} {shared} {} 0 {data} 0\n",
            self.size,
            self.resident() / PAGE,
            self.text
        )
    }
}

/// What a block of `smaps` says: amounts in KiB by their key with its colon, in the file's order.
#[derive(Clone, Default)]
struct Amounts {
    rows: Vec<(String, u64)>,
    flags: String,
}

impl Amounts {
    fn get(&self, key: &str) -> u64 {
        self.rows.iter().find(|row| row.0 == key).map_or(0, |row| row.1)
    }

    /// Adds a share of another block: so many parts of so many.
    fn add(&mut self, other: &Amounts, (part, all): (u64, u64)) {
        if self.rows.is_empty() {
            self.flags.clone_from(&other.flags);
            self.rows = other.rows.iter().map(|(key, _)| (key.clone(), 0)).collect();
        }
        for ((key, sum), (_, amount)) in self.rows.iter_mut().zip(&other.rows) {
            match key.as_str() {
                "KernelPageSize:" | "MMUPageSize:" | "THPeligible:" => *sum = (*sum).max(*amount),
                _ => *sum += (u128::from(*amount) * u128::from(part) / u128::from(all)) as u64,
            }
        }
    }

    /// `VmFlags`, with the guest's permissions.
    fn flags_of(&self, part: &Part) -> String {
        let mut flags = String::new();
        for (flag, set) in [("rd ", part.readable), ("wr ", part.writable), ("ex ", part.executable)] {
            flags.push_str(if set { flag } else { "" });
        }
        let host = self.flags.split_ascii_whitespace();
        for flag in host.filter(|flag| !["rd", "wr", "ex"].contains(flag)) {
            flags.push_str(flag);
            flags.push(' ');
        }
        flags
    }
}

struct Record {
    range: Range<u64>,
    amounts: Amounts,
}

/// The blocks of a host's `smaps`. What only x86 has (`ProtectionKey`) is left out.
fn records(text: &str) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in text.lines() {
        if let Some(range) = range(line.as_bytes()) {
            records.push(Record {
                range,
                amounts: Amounts::default(),
            });
            continue;
        }
        let Some(record) = records.last_mut() else { continue };
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "VmFlags:" => record.amounts.flags = rest.to_owned(),
            "ProtectionKey:" => {}
            _ => {
                let amount = rest.split_ascii_whitespace().next().and_then(|word| word.parse().ok());
                record.amounts.rows.push((key.to_owned(), amount.unwrap_or(0)));
            }
        }
    }
    records
}

/// The addresses at the beginning of a line.
fn range(line: &[u8]) -> Option<Range<u64>> {
    let blank = line.iter().position(|&byte| byte == b' ')?;
    let (low, high) = std::str::from_utf8(&line[..blank]).ok()?.split_once('-')?;
    Some(u64::from_str_radix(low, 16).ok()?..u64::from_str_radix(high, 16).ok()?)
}

/// A line of another guest's `maps`; `None` if it is armlet's. `files` keeps where the code of files is.
fn foreign_part(line: &[u8], files: &mut HashMap<Vec<u8>, Vec<u64>>) -> Option<Part> {
    let range = range(line).filter(|range| range.end <= TOP)?;
    let mut text = String::from_utf8_lossy(line).into_owned();
    let mut words = text.split_ascii_whitespace().skip(1);
    let flags = words.next()?.to_owned();
    let offset = u64::from_str_radix(words.next()?, 16).ok()?;
    let path = line.iter().position(|&byte| byte == b'/').map(|at| &line[at..]);
    let has = |letter| flags.contains(letter);
    let executable = path.filter(|_| !has('w') && has('p')).is_some_and(|path| {
        let starts = files
            .entry(path.to_owned())
            .or_insert_with(|| code_of(path).unwrap_or_default());
        starts.contains(&offset)
    });
    if executable {
        let at = text.find(' ')? + 3;
        text.replace_range(at..=at, "x");
    }
    Some(Part {
        range,
        readable: has('r'),
        writable: has('w'),
        executable,
        shared: has('s'),
        stack: text.ends_with("[stack]"),
        file: path.is_some(),
        line: text,
    })
}

/// Where the executable segments of an ELF file begin in it, in whole pages.
fn code_of(path: &[u8]) -> Option<Vec<u64>> {
    const PT_LOAD: u64 = 1;
    const PF_X: u64 = 1;
    let file = fs::File::open(OsStr::from_bytes(path)).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut header = [0; 64];
    (&file).take(64).read_exact(&mut header).ok()?;
    let number = |bytes: &[u8], at: usize, length: usize| {
        let mut word = [0; 8];
        word[..length].copy_from_slice(bytes.get(at..at + length)?);
        Some(u64::from_le_bytes(word))
    };
    let is_64 = match header[..5] {
        [0x7f, b'E', b'L', b'F', 1] => false,
        [0x7f, b'E', b'L', b'F', 2] => true,
        _ => return None,
    };
    // e_phoff, e_phentsize, e_phnum; p_type, p_offset, p_flags.
    let ((table, size, count), (kind, offset, flags), word) = match is_64 {
        true => ((32, 54, 56), (0, 8, 4), 8),
        false => ((28, 42, 44), (0, 4, 24), 4),
    };
    let (table, size) = (number(&header, table, word)?, number(&header, size, 2)? as usize);
    let mut entries = vec![0; size * number(&header, count, 2)? as usize];
    file.read_exact_at(&mut entries, table).ok()?;
    let starts = entries.chunks_exact(size.max(1)).filter_map(|entry| {
        let is_code = number(entry, kind, 4)? == PT_LOAD && number(entry, flags, 4)? & PF_X != 0;
        is_code.then_some(number(entry, offset, word)? & !(PAGE_SIZE - 1))
    });
    Some(starts.collect())
}

/// How many pages of a range are in memory or swapped out. `None` if it is too large to be asked for page by page.
fn present(pagemap: &fs::File, range: &Range<u64>) -> Option<u64> {
    const LARGEST: u64 = 1 << 30;
    if range.end - range.start > LARGEST {
        return None;
    }
    let mut entries = vec![0; ((range.end - range.start) / PAGE_SIZE * 8) as usize];
    pagemap.read_exact_at(&mut entries, range.start / PAGE_SIZE * 8).ok()?;
    // Bit 63: present; bit 62: swapped.
    Some(entries.chunks_exact(8).filter(|entry| entry[7] & 0xc0 != 0).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "00400000-00402000 r--p 00000000 00:01 5 /bin/x\nSize:                  8 kB\nRss:                   8 kB\n\
                         Anonymous:             4 kB\nProtectionKey:         0\nTHPeligible:           0\nVmFlags: rd mr mw me \n";

    #[test]
    fn blocks_of_the_host() {
        let records = records(SMAPS);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].range, 0x40_0000..0x40_2000);
        assert_eq!(
            (records[0].amounts.get("Rss:"), records[0].amounts.get("ProtectionKey:")),
            (8, 0)
        );
        let mut half = Amounts::default();
        half.add(&records[0].amounts, (1, 2));
        assert_eq!((half.get("Rss:"), half.get("Anonymous:")), (4, 2));
    }

    #[test]
    fn numa_maps_without_armlets_lines() {
        let part = |start: u64| {
            foreign_part(
                format!("{start:08x}-{:08x} rw-p 0 00:00 0", start + 0x2000).as_bytes(),
                &mut HashMap::new(),
            )
        };
        let view = View {
            parts: [0x40_0000, 0x50_0000].into_iter().filter_map(part).collect(),
        };
        let host = "00400000 default anon=1\n00402000 default\n00501000 default stack\n7f0000000000 default heap\n";
        assert_eq!(
            view.numa_maps(host),
            "00400000 default anon=1\n00501000 default stack\n"
        );
    }

    #[test]
    fn lines_of_another_guest() {
        let mut files = HashMap::from([(b"/bin/x".to_vec(), vec![0x1000])]);
        let mut part = |line: &[u8]| foreign_part(line, &mut files);
        let code = part(b"00401000-00402000 r--p 00001000 00:01 5    /bin/x").expect("the guest's");
        assert!(
            code.executable && code.line.starts_with("00401000-00402000 r-xp 00001000"),
            "{}",
            code.line
        );
        let data = part(b"00403000-00404000 rw-p 00001000 00:01 5    /bin/x").expect("the guest's");
        assert!(!data.executable && data.writable && data.file);
        assert!(
            part(b"7f0000000000-7f0000001000 r--p 00000000 00:00 0 ").is_none(),
            "armlet's"
        );
        assert!(part(b"").is_none());
    }
}
