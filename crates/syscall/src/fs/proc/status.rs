//! /proc/PID/{stat,status,limits} and the like: the host's text, with the guest's values where the host knows only armlet's.

use std::ops::Range;

use super::memory::Totals;
use crate::abi::a64::open_flags_to_guest;

/// What armlet knows better than the host. `None` is left as the host has it.
#[derive(Default)]
pub(super) struct Facts {
    /// Sums over the guest's mappings.
    pub totals: Option<Totals>,
    /// The most bytes that were ever mapped.
    pub peak: Option<u64>,
    /// Where the guest's heap begins.
    pub heap: u64,
    /// Blocked signals, of the thread that asks.
    pub blocked: Option<u64>,
    /// Ignored and caught signals.
    pub dispositions: Option<[u64; 2]>,
    /// `Seccomp`, `Seccomp_filters`.
    pub seccomp: Option<[u64; 2]>,
}

/// KiB of a page.
const PAGE: u64 = armlet_memory::PAGE_SIZE / 1024;

impl Facts {
    /// `status`.
    pub fn status(&self, host: &str) -> String {
        let host_resident = number(host, "VmRSS:");
        let mut text = String::new();
        for line in host.lines().filter(|line| !line.starts_with("x86_")) {
            let key = line.split(':').next().unwrap_or_default();
            match self.line(key, line, host_resident) {
                Some(line) => text.push_str(&line),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }

    fn line(&self, key: &str, line: &str, host_resident: u64) -> Option<String> {
        let amount = |kibibytes: u64| Some(format!("{key}:\t{kibibytes:>8} kB"));
        let set = |signals: u64| Some(format!("{key}:\t{signals:016x}"));
        match (key, self.totals.as_ref(), self.dispositions, self.seccomp) {
            ("VmPeak", Some(totals), ..) => amount((totals.size * PAGE).max(self.peak.unwrap_or(0) / 1024)),
            ("VmSize", Some(totals), ..) => amount(totals.size * PAGE),
            ("VmLck", Some(totals), ..) => amount(totals.locked),
            ("VmHWM", Some(totals), ..) => {
                amount(totals.resident() + number(line, "VmHWM:").saturating_sub(host_resident))
            }
            ("VmRSS", Some(totals), ..) => amount(totals.resident()),
            ("RssAnon", Some(totals), ..) => amount(totals.anonymous),
            ("RssFile", Some(totals), ..) => amount(totals.file),
            ("RssShmem", Some(totals), ..) => amount(totals.shared),
            ("VmData", Some(totals), ..) => amount(totals.data * PAGE),
            ("VmStk", Some(totals), ..) => amount(totals.stack * PAGE),
            ("VmExe", Some(totals), ..) => amount(totals.text * PAGE),
            ("VmLib", Some(totals), ..) => amount(totals.other_code * PAGE),
            ("VmSwap", Some(totals), ..) => amount(totals.swapped),
            ("SigBlk", ..) => set(self.blocked?),
            ("SigIgn", _, Some([ignored, _]), _) => set(ignored),
            ("SigCgt", _, Some([_, caught]), _) => set(caught),
            ("Seccomp", .., Some([mode, _])) | ("Seccomp_filters", .., Some([_, mode])) => {
                Some(format!("{key}:\t{mode}"))
            }
            _ => None,
        }
    }

    /// `stat`.
    pub fn stat(&self, host: &str) -> String {
        // The name may be any bytes; the numbers are counted from the one behind it, the third.
        let Some((name, rest)) = host.rsplit_once(')') else {
            return host.to_owned();
        };
        let mut fields: Vec<String> = rest.split_ascii_whitespace().map(str::to_owned).collect();
        let mut set = |number: usize, value: u64| {
            if let Some(field) = fields.get_mut(number - 3) {
                *field = value.to_string();
            }
        };
        // The kernel shows the lower 31 bits.
        let old = |signals: u64| signals & 0x7fff_ffff;
        if let Some(totals) = &self.totals {
            set(23, totals.size * PAGE * 1024);
            set(24, totals.resident() / PAGE);
        }
        if let Some(blocked) = self.blocked {
            set(32, old(blocked));
        }
        if let Some([ignored, caught]) = self.dispositions {
            set(33, old(ignored));
            set(34, old(caught));
        }
        set(47, self.heap);
        format!("{name}) {}\n", fields.join(" "))
    }
}

/// The number behind a key in `status`.
fn number(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Where the code is, in `stat` of the host, which armlet has told it.
pub(super) fn code(stat: &str) -> Range<u64> {
    let fields = stat.rsplit_once(')').map_or("", |parts| parts.1);
    let mut fields = fields
        .split_ascii_whitespace()
        .skip(26 - 3)
        .map(|field| field.parse().unwrap_or(0));
    fields.next().unwrap_or(0)..fields.next().unwrap_or(0)
}

/// `limits`, with those that the host does not know: their row's name, soft and hard limit.
pub(super) fn limits(host: &str, kept: &[(&str, u64, u64)]) -> String {
    let value = |limit: u64| match limit {
        libc::RLIM64_INFINITY => "unlimited".to_owned(),
        limit => limit.to_string(),
    };
    let line = |line: &str| match kept.iter().find(|row| line.starts_with(row.0)) {
        Some((name, soft, hard)) => format!("{name:<25} {:<20} {:<20} {:<10}\n", value(*soft), value(*hard), "bytes"),
        None => format!("{line}\n"),
    };
    host.lines().map(line).collect()
}

/// `fdinfo/N`: the open flags, in octal, as the guest has them.
pub(super) fn fdinfo(host: &str) -> String {
    let line = |line: &str| {
        let flags = line
            .strip_prefix("flags:\t")
            .and_then(|flags| u32::from_str_radix(flags, 8).ok());
        match flags {
            Some(flags) => format!("flags:\t0{:o}\n", open_flags_to_guest(flags)),
            None => format!("{line}\n"),
        }
    };
    host.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            totals: Some(Totals {
                size: 100,
                text: 7,
                anonymous: 8,
                file: 4,
                ..Totals::default()
            }),
            peak: Some(800 << 10),
            heap: 0x4000,
            blocked: Some(1 << 63 | 2),
            dispositions: Some([4, 8]),
            seccomp: Some([2, 3]),
        }
    }

    #[test]
    fn lines_of_status() {
        let host = "Name:\tx\nVmPeak:\t   90000 kB\nVmHWM:\t      30 kB\nVmRSS:\t      20 kB\nVmExe:\t    1 kB\nSigBlk:\t0\nSigCgt:\t4c0\n\
                    Seccomp:\t0\nSeccomp_filters:\t0\nx86_Thread_features:\t\n";
        let expected = "Name:\tx\nVmPeak:\t     800 kB\nVmHWM:\t      22 kB\nVmRSS:\t      12 kB\nVmExe:\t      28 kB\n\
                        SigBlk:\t8000000000000002\nSigCgt:\t0000000000000008\nSeccomp:\t2\nSeccomp_filters:\t3\n";
        assert_eq!(facts().status(host), expected);
    }

    #[test]
    fn fields_of_stat() {
        let host = format!(
            "1 (a ) b) R {}\n",
            (4..=52).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
        );
        assert_eq!(code(&host), 26..27);
        let stat = facts().stat(&host);
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .expect("a name")
            .1
            .split_ascii_whitespace()
            .collect();
        let field = |number: usize| fields[number - 3];
        assert_eq!((field(22), field(23), field(24)), ("22", "409600", "3"));
        assert_eq!(
            (field(32), field(33), field(34), field(47), field(52)),
            ("2", "4", "8", "16384", "52")
        );
        assert!(stat.starts_with("1 (a ) b) R 4"));
    }

    #[test]
    fn limits_and_flags() {
        let host = "Limit   Soft Limit\nMax data size             unlimited            unlimited            bytes     \nMax x 1\n";
        let guest = limits(host, &[("Max data size", 4096, u64::MAX)]);
        let row = "Max data size             4096                 unlimited            bytes     \n";
        assert_eq!(guest, format!("Limit   Soft Limit\n{row}Max x 1\n"));
        assert_eq!(
            fdinfo("pos:\t0\nflags:\t0200000\n"),
            "pos:\t0\nflags:\t040000\n",
            "O_DIRECTORY"
        );
    }
}
