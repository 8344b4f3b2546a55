//! The book of mappings: which ranges belong to the guest. No system calls; the host's memory is changed elsewhere.

use std::collections::BTreeMap;
use std::ops::Range;

use super::mapping::Mapping;

/// Mappings by start address. They never overlap, and neighbours that have everything in common are one.
#[derive(Debug, Default)]
pub(super) struct Tree {
    mappings: BTreeMap<u64, Mapping>,
    total: u64,
    peak: u64,
}

impl Tree {
    /// The bytes in all mappings.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The most that [`Tree::total`] has ever been.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// The mapping at `address`.
    pub fn at(&self, address: u64) -> Option<&Mapping> {
        self.mappings
            .range(..=address)
            .next_back()
            .map(|(_, mapping)| mapping)
            .filter(|mapping| mapping.end > address)
    }

    /// All mappings, upwards.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Mapping> {
        self.mappings.values()
    }

    /// The mappings that overlap `range`, upwards and whole.
    pub fn overlapping(&self, range: &Range<u64>) -> impl Iterator<Item = &Mapping> {
        let first = self.at(range.start).map_or(range.start, |mapping| mapping.start);
        // An empty range overlaps nothing; BTreeMap::range would panic if the bounds were reversed.
        let last = range.end.max(first);
        self.mappings
            .range(first..last)
            .map(|(_, mapping)| mapping)
            .filter(|_| !range.is_empty())
    }

    /// The mappings that overlap `range`, upwards and cut to it.
    pub fn pieces(&self, range: &Range<u64>) -> Vec<Mapping> {
        self.overlapping(range).map(|mapping| mapping.clip(range)).collect()
    }

    /// The parts of `range` that no mapping covers, upwards.
    pub fn holes(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut holes = Vec::new();
        let mut at = range.start;
        for mapping in self.overlapping(range) {
            if mapping.start > at {
                holes.push(at..mapping.start);
            }
            at = mapping.end;
        }
        if at < range.end {
            holes.push(at..range.end);
        }
        holes
    }

    /// Whether no mapping overlaps `range`.
    pub fn is_free(&self, range: &Range<u64>) -> bool {
        self.overlapping(range).next().is_none()
    }

    /// The highest free range of `length` bytes within `window`.
    pub fn highest_gap(&self, length: u64, window: &Range<u64>) -> Option<Range<u64>> {
        let fits = |bottom: u64, top: u64| (top.saturating_sub(bottom) >= length).then(|| top - length..top);
        let mut top = window.end;
        for mapping in self.mappings.range(..window.end).rev().map(|(_, mapping)| mapping) {
            if let Some(gap) = fits(mapping.end.max(window.start), top) {
                return Some(gap);
            }
            top = mapping.start;
            if top <= window.start {
                return None;
            }
        }
        fits(window.start, top)
    }

    /// Forgets `range`; mappings that stick out keep what is outside.
    pub fn remove(&mut self, range: &Range<u64>) {
        let whole: Vec<Mapping> = self.overlapping(range).cloned().collect();
        for mapping in whole {
            self.mappings.remove(&mapping.start);
            self.total -= mapping.length();
            for rest in [mapping.start..range.start, range.end..mapping.end] {
                if !rest.is_empty() {
                    let rest = mapping.clip(&rest);
                    self.total += rest.length();
                    self.mappings.insert(rest.start, rest);
                }
            }
        }
    }

    /// Enters a mapping in the place of whatever was there, and joins it with its neighbours if they are alike.
    pub fn insert(&mut self, mut mapping: Mapping) {
        self.remove(&mapping.range());
        self.total += mapping.length();
        self.peak = self.peak.max(self.total);
        if let Some(before) = mapping.start.checked_sub(1).and_then(|last| self.at(last))
            && before.continues_in(&mapping)
        {
            (mapping.start, mapping.offset) = (before.start, before.offset);
        }
        if let Some(after) = self.mappings.get(&mapping.end)
            && mapping.continues_in(after)
        {
            let start = after.start;
            mapping.end = after.end;
            self.mappings.remove(&start);
        }
        self.mappings.insert(mapping.start, mapping);
    }

    /// Changes the mappings in `range`, cut to it, by `change`.
    pub fn update(&mut self, range: &Range<u64>, change: impl Fn(&mut Mapping)) {
        for mut piece in self.pieces(range) {
            change(&mut piece);
            let before = piece.start.checked_sub(1).and_then(|last| self.at(last));
            let after = self.mappings.get(&piece.end);
            let joins = before.is_some_and(|before| before.continues_in(&piece))
                || after.is_some_and(|after| piece.continues_in(after));
            match self.mappings.get_mut(&piece.start) {
                // All of a mapping changes, and stays one by itself.
                Some(whole) if whole.end == piece.end && !joins => *whole = piece,
                _ => self.insert(piece),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::{File, Protection};
    use super::*;
    use std::ffi::OsStr;
    use std::sync::Arc;

    fn anonymous(start: u64, end: u64) -> Mapping {
        Mapping {
            start,
            end,
            protection: Protection::READ_WRITE,
            shared: false,
            grows_down: false,
            dont_fork: false,
            locked: false,
            file: None,
            offset: 0,
            name: None,
        }
    }

    fn of_file(start: u64, end: u64, offset: u64) -> Mapping {
        let file = File {
            device: 1,
            inode: 2,
            path: OsStr::new("/f").into(),
        };
        Mapping {
            file: Some(Arc::new(file)),
            offset,
            ..anonymous(start, end)
        }
    }

    fn ranges(tree: &Tree) -> Vec<(u64, u64, u64)> {
        let sum: u64 = tree.iter().map(Mapping::length).sum();
        assert_eq!(sum, tree.total());
        tree.iter()
            .map(|mapping| (mapping.start, mapping.end, mapping.offset))
            .collect()
    }

    #[test]
    fn neighbours_join_only_if_alike() {
        let mut tree = Tree::default();
        tree.insert(anonymous(10, 20));
        tree.insert(anonymous(30, 40));
        tree.insert(anonymous(20, 30));
        assert_eq!(ranges(&tree), [(10, 40, 0)]);
        tree.insert(Mapping {
            protection: Protection::READ,
            ..anonymous(40, 50)
        });
        assert_eq!(ranges(&tree), [(10, 40, 0), (40, 50, 0)]);
        tree.insert(of_file(50, 60, 100));
        tree.insert(of_file(60, 70, 110));
        tree.insert(of_file(70, 80, 100));
        assert_eq!(ranges(&tree), [(10, 40, 0), (40, 50, 0), (50, 70, 100), (70, 80, 100)]);
    }

    #[test]
    fn removal_splits_and_keeps_file_offsets() {
        let mut tree = Tree::default();
        tree.insert(of_file(100, 200, 1000));
        tree.remove(&(120..150));
        assert_eq!(ranges(&tree), [(100, 120, 1000), (150, 200, 1050)]);
        tree.remove(&(0..110));
        tree.remove(&(190..900));
        assert_eq!(ranges(&tree), [(110, 120, 1010), (150, 190, 1050)]);
        assert_eq!(tree.pieces(&(115..160)).len(), 2);
        assert_eq!(tree.pieces(&(115..160))[1].offset, 1050);
        tree.insert(anonymous(0, 300));
        assert_eq!(ranges(&tree), [(0, 300, 0)]);
        tree.remove(&(0..300));
        assert_eq!(ranges(&tree), []);
    }

    #[test]
    fn an_update_splits_and_joins_again() {
        let mut tree = Tree::default();
        tree.insert(of_file(100, 200, 1000));
        tree.update(&(120..140), |mapping| mapping.protection = Protection::READ);
        assert_eq!(ranges(&tree), [(100, 120, 1000), (120, 140, 1020), (140, 200, 1040)]);
        tree.update(&(0..400), |mapping| mapping.protection = Protection::NONE);
        assert_eq!(ranges(&tree), [(100, 200, 1000)]);
    }

    #[test]
    fn holes_and_gaps() {
        let mut tree = Tree::default();
        assert_eq!(tree.highest_gap(10, &(5..100)), Some(90..100));
        tree.insert(anonymous(20, 30));
        tree.insert(anonymous(50, 95));
        assert_eq!(tree.holes(&(0..100)), [0..20, 30..50, 95..100]);
        assert_eq!(tree.holes(&(25..60)), vec![30..50]);
        assert_eq!(tree.holes(&(50..60)), vec![]);
        assert!(tree.is_free(&(30..50)));
        assert!(!tree.is_free(&(29..30)));
        assert!(tree.is_free(&(25..25)));
        assert_eq!(tree.highest_gap(5, &(5..100)), Some(95..100));
        assert_eq!(tree.highest_gap(6, &(5..100)), Some(44..50));
        assert_eq!(tree.highest_gap(20, &(0..100)), Some(30..50));
        assert_eq!(tree.highest_gap(20, &(5..40)), None);
        assert_eq!(tree.highest_gap(15, &(5..40)), Some(5..20));
        assert_eq!(tree.highest_gap(21, &(5..100)), None);
        assert_eq!(tree.highest_gap(5, &(60..90)), None);
        assert!(tree.at(19).is_none() && tree.at(30).is_none());
        assert_eq!(tree.at(29).unwrap().start, 20);
    }
}
