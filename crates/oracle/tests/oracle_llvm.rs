//! The decoder against llvm-mc 14, on the rows of all optional features (capstone does not know the newest) and on words beside them.

use std::collections::BTreeSet;
use std::path::Path;

use armlet_decoder::a64::Feature;
use armlet_oracle::differences::LLVM;
use armlet_oracle::llvm::{disassemble, ours};
use armlet_oracle::sample::{Random, dense, rows};

#[test]
#[ignore = "needs llvm-mc"]
fn oracle_optional_features_read_as_llvm_reads_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut random = Random::new(3);
    let optional = |feature| !matches!(feature, Feature::Base | Feature::Fp | Feature::AdvSimd);
    let mut used = BTreeSet::new();
    let mut report = String::new();
    for row in rows().iter().filter(|row| optional(row.feature)) {
        let own = dense(row, 400, &mut random);
        // One bit away from them, only the encoding spaces are compared: the rows there may be any.
        let beside: Vec<u32> = own.iter().map(|word| word ^ 1 << random.below(32)).collect();
        for (words, same) in [
            (
                own,
                (|ours, theirs| ours == theirs) as fn(Option<&str>, Option<&str>) -> bool,
            ),
            (beside, |ours, theirs| ours.is_some() == theirs.is_some()),
        ] {
            let theirs = disassemble(&words, folder).expect("llvm-mc answers");
            for (&word, theirs) in words.iter().zip(&theirs) {
                let ours = ours(word);
                let (ours, theirs) = (ours.as_deref(), theirs.as_deref());
                if same(ours, theirs) {
                    continue;
                }
                match LLVM.iter().position(|rule| (rule.explains)(word, ours, theirs)) {
                    Some(rule) => drop(used.insert(rule)),
                    None => report += &format!("{}: {word:08x} ours: {ours:?} theirs: {theirs:?}\n", row.name),
                }
            }
        }
    }
    assert!(report.is_empty(), "the decoder differs from llvm-mc:\n{report}");
    for (index, rule) in LLVM.iter().enumerate() {
        assert!(used.contains(&index), "explains nothing any more: {}", rule.reason);
    }
}
