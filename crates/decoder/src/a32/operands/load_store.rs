//! Offsets and addressing forms of loads and stores.

/// A signed offset: added if `add` is set.
pub(crate) fn offset(add: u32, value: u32) -> i32 {
    if add != 0 { value as i32 } else { -(value as i32) }
}

/// [`offset`] from two fields of four bits.
pub(crate) fn offset44(add: u32, high: u32, low: u32) -> i32 {
    offset(add, high << 4 | low)
}

/// [`offset`] of words.
pub(crate) fn offset_words(add: u32, value: u32) -> i32 {
    offset(add, value * 4)
}

/// [`offset44`] of LDRD and STRD.
pub(crate) fn pair_offset44(add: u32, high: u32, low: u32) -> i16 {
    offset44(add, high, low) as i16
}

/// [`offset`] in words, of LDRD and STRD.
pub(crate) fn pair_offset_words(add: u32, value: u32) -> i16 {
    offset(add, value * 4) as i16
}

/// An unsigned offset in words (LDREX, STREX).
pub(crate) fn exclusive_offset(value: u32) -> u16 {
    value as u16 * 4
}

/// Whether the base register changes: W, or post-indexing.
pub(crate) fn writes_back(index: u32, w: u32) -> bool {
    index == 0 || w != 0
}

/// A register list with one more register in bit `extra` (PUSH and POP of T32).
pub(crate) fn list(high: u32, low: u32, extra: u32) -> u16 {
    (high << extra | low) as u16
}

/// LDM of T32 with 16 bits: the base is written back if it is not loaded.
pub(crate) fn not_in_list(n: u32, list: u32) -> bool {
    list >> n & 1 == 0
}
