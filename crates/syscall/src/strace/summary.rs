//! `strace -c`: the table at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One system call's row.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u64,
    errors: u64,
    nanoseconds: u64,
}

/// What has been counted.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<&'static str, Count>);

impl Counts {
    /// A call is over.
    pub fn add(&mut self, name: &'static str, failed: bool, nanoseconds: u64) {
        let count = self.0.entry(name).or_default();
        count.calls += 1;
        count.errors += u64::from(failed);
        count.nanoseconds += nanoseconds;
    }

    /// The table, as strace prints it: most time first.
    pub fn table(&self) -> String {
        let rule = "------ ----------- ----------- --------- --------- ----------------\n";
        let mut text = "% time     seconds  usecs/call     calls    errors syscall\n".to_owned() + rule;
        let total = self.0.values().fold(Count::default(), |sum, count| Count {
            calls: sum.calls + count.calls,
            errors: sum.errors + count.errors,
            nanoseconds: sum.nanoseconds + count.nanoseconds,
        });
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_key(|(name, count)| (std::cmp::Reverse(count.nanoseconds), **name));
        let mut line = |name: &str, count: &Count| {
            let share = count.nanoseconds as f64 * 100.0 / total.nanoseconds.max(1) as f64;
            let errors = if count.errors == 0 {
                String::new()
            } else {
                count.errors.to_string()
            };
            let _ = writeln!(
                text,
                "{share:6.2} {:11.6} {:11} {:9} {errors:>9} {name}",
                count.nanoseconds as f64 / 1e9,
                count.nanoseconds / 1000 / count.calls.max(1),
                count.calls,
            );
        };
        rows.iter().for_each(|(name, count)| line(name, count));
        text.push_str(rule);
        let share = if total.nanoseconds == 0 { 0.0 } else { 100.0 };
        let errors = if total.errors == 0 {
            String::new()
        } else {
            total.errors.to_string()
        };
        let _ = writeln!(
            text,
            "{share:6.2} {:11.6} {:11} {:9} {errors:>9} total",
            total.nanoseconds as f64 / 1e9,
            total.nanoseconds / 1000 / total.calls.max(1),
            total.calls,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_straces() {
        let mut counts = Counts::default();
        counts.add("read", false, 1_000_000);
        counts.add("read", true, 2_000_000);
        counts.add("close", false, 1_000_000);
        let table = counts.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "% time     seconds  usecs/call     calls    errors syscall");
        assert_eq!(lines[2], " 75.00    0.003000        1500         2         1 read");
        assert_eq!(lines[3], " 25.00    0.001000        1000         1           close");
        assert_eq!(lines[5], "100.00    0.004000        1333         3         1 total");
    }
}
