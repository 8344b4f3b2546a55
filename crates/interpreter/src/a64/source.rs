//! The text of the instructions' functions, for those who want to read what an instruction does.

pub use crate::source::Piece;

/// The files of this module that have instructions, or what these call.
const FILES: &[(&str, &str)] = &[
    ("atomic", include_str!("atomic.rs")),
    ("branch", include_str!("branch.rs")),
    ("crypto", include_str!("crypto.rs")),
    ("data_imm", include_str!("data_imm.rs")),
    ("data_reg", include_str!("data_reg.rs")),
    ("fp", include_str!("fp.rs")),
    ("integer", include_str!("integer.rs")),
    ("load_store", include_str!("load_store.rs")),
    ("simd_across", include_str!("simd_across.rs")),
    ("simd_copy", include_str!("simd_copy.rs")),
    ("simd_element", include_str!("simd_element.rs")),
    ("simd_fp_across", include_str!("simd_fp_across.rs")),
    ("simd_fp_convert", include_str!("simd_fp_convert.rs")),
    ("simd_fp_element", include_str!("simd_fp_element.rs")),
    ("simd_fp_mixed", include_str!("simd_fp_mixed.rs")),
    ("simd_fp_three_same", include_str!("simd_fp_three_same.rs")),
    ("simd_fp_two_misc", include_str!("simd_fp_two_misc.rs")),
    ("simd_imm", include_str!("simd_imm.rs")),
    ("simd_load_store", include_str!("simd_load_store.rs")),
    ("simd_shift_imm", include_str!("simd_shift_imm.rs")),
    ("simd_three_different", include_str!("simd_three_different.rs")),
    ("simd_three_same", include_str!("simd_three_same.rs")),
    ("simd_two_misc", include_str!("simd_two_misc.rs")),
    ("system", include_str!("system.rs")),
];

/// The function of a row (its file and name), or the line of the macro that makes it; then the functions and macros that this
/// uses. Empty if there is no such row.
pub fn of(file: &str, name: &str) -> Vec<Piece> {
    let file = match file {
        "load_store_pair" | "load_store_simd" => "load_store",
        other => other,
    };
    crate::source::of(FILES, file, name)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_row_has_its_source() {
        for row in armlet_decoder::a64::ROWS {
            let pieces = of(row.file, row.name);
            assert!(!pieces.is_empty(), "{}", row.name);
            assert!(pieces[0].text.contains(row.name), "{}: {:?}", row.name, pieces[0]);
            assert!(pieces[0].text.lines().count() < 60, "{}: {}", row.name, pieces[0].text);
        }
    }

    #[test]
    fn a_function_comes_with_what_it_calls() {
        let pieces = of("data_imm", "adds_imm");
        assert!(
            pieces[0]
                .text
                .starts_with("/// ADDS (immediate).\n#[inline(always)]\npub fn adds_imm(")
        );
        assert!(pieces[0].text.ends_with("cpu.set_x(rd, result);\n}"));
        assert!(pieces.iter().any(|piece| piece.text.contains("pub fn add_flags(")));
        let entry = of("load_store", "ldrb_imm_post");
        assert!(entry[0].text.starts_with("\"LDRB\" (rt)"), "{}", entry[0].text);
        assert!(
            entry.iter().any(|piece| piece.text.contains("macro_rules! post")),
            "{entry:?}"
        );
    }
}
