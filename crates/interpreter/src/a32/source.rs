//! The text of the instructions' functions, for those who want to read what an instruction does.

pub use crate::source::Piece;

/// The files of this module that have instructions, or what these call.
const FILES: &[(&str, &str)] = &[
    ("branch", include_str!("branch.rs")),
    ("crypto", include_str!("crypto.rs")),
    ("data_processing", include_str!("data_processing.rs")),
    ("features", include_str!("features.rs")),
    ("float", include_str!("float.rs")),
    ("integer", include_str!("integer.rs")),
    ("load_store", include_str!("load_store.rs")),
    ("load_store_multiple", include_str!("load_store_multiple.rs")),
    ("media", include_str!("media.rs")),
    ("multiply", include_str!("multiply.rs")),
    ("place", include_str!("place.rs")),
    ("simd_fp_three_same", include_str!("simd_fp_three_same.rs")),
    ("simd_fp_two_misc", include_str!("simd_fp_two_misc.rs")),
    ("simd_imm", include_str!("simd_imm.rs")),
    ("simd_load_store", include_str!("simd_load_store.rs")),
    ("simd_scalar", include_str!("simd_scalar.rs")),
    ("simd_shift_imm", include_str!("simd_shift_imm.rs")),
    ("simd_three_different", include_str!("simd_three_different.rs")),
    ("simd_three_same", include_str!("simd_three_same.rs")),
    ("simd_two_misc", include_str!("simd_two_misc.rs")),
    ("status", include_str!("status.rs")),
    ("sync", include_str!("sync.rs")),
    ("vector", include_str!("vector.rs")),
    ("vfp", include_str!("vfp.rs")),
    ("vfp_load_store", include_str!("vfp_load_store.rs")),
    ("vfp_move", include_str!("vfp_move.rs")),
];

/// The function of a row, by its name, or the line of the macro that makes it; then the functions and macros that this uses. `file`, the
/// row's, is looked into first.
pub fn of(file: &str, name: &str) -> Vec<Piece> {
    let others = FILES.iter().map(|(known, _)| *known).filter(|known| *known != file);
    let mut files = std::iter::once(file).chain(others);
    files
        .find_map(|file| Some(crate::source::of(FILES, file, name)).filter(|pieces| !pieces.is_empty()))
        .unwrap_or_default()
}
