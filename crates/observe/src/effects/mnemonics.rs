//! What the mnemonics of A64 say of operands and flags.

/// Instructions whose first operand is read and not written.
pub(super) fn writes_nothing(mnemonic: &str) -> bool {
    matches!(
        mnemonic,
        "cmp"
            | "cmn"
            | "tst"
            | "ccmp"
            | "ccmn"
            | "fcmp"
            | "fcmpe"
            | "fccmp"
            | "fccmpe"
            | "setf8"
            | "setf16"
            | "rmif"
            | "b"
            | "bl"
            | "br"
            | "blr"
            | "ret"
            | "cbz"
            | "cbnz"
            | "tbz"
            | "tbnz"
            | "msr"
            | "dc"
            | "ic"
            | "svc"
            | "prfm"
            | "prfum"
    ) || mnemonic.starts_with("b.")
}

/// Instructions that read what they write.
pub(super) fn updates(mnemonic: &str, first: &str) -> bool {
    const EXACT: [&str; 56] = [
        "movk",
        "bfi",
        "bfxil",
        "bfc",
        "bfm",
        "fmla",
        "fmls",
        "fmlal",
        "fmlal2",
        "fmlsl",
        "fmlsl2",
        "mla",
        "mls",
        "sri",
        "sli",
        "usra",
        "ssra",
        "ursra",
        "srsra",
        "tbx",
        "bsl",
        "bit",
        "bif",
        "sdot",
        "udot",
        "usdot",
        "sudot",
        "suqadd",
        "usqadd",
        "saba",
        "uaba",
        "sadalp",
        "uadalp",
        "fcmla",
        "sqrdmlah",
        "sqrdmlsh",
        "sha1c",
        "sha1p",
        "sha1m",
        "sha1su0",
        "sha1su1",
        "sha256h",
        "sha256h2",
        "sha256su0",
        "sha256su1",
        "sha512h",
        "sha512h2",
        "sha512su0",
        "sha512su1",
        "aese",
        "aesd",
        "smmla",
        "ummla",
        "usmmla",
        "bfdot",
        "bfmmla",
    ];
    const STARTS: [&str; 10] = [
        "smlal", "umlal", "smlsl", "umlsl", "sqdmlal", "sqdmlsl", "sabal", "uabal", "bfmlal", "sm3",
    ];
    // A lane is written, or the upper half: the rest stays.
    let part = first.contains('[');
    let upper = mnemonic.ends_with('2')
        && [
            "xtn2", "shrn2", "shrun2", "xtun2", "hn2", "fcvtn2", "bfcvtn2", "fcvtxn2",
        ]
        .iter()
        .any(|ending| mnemonic.ends_with(ending));
    EXACT.contains(&mnemonic) || STARTS.iter().any(|start| mnemonic.starts_with(start)) || part || upper
}

/// Instructions that write the flags.
pub(super) fn flags_written(mnemonic: &str) -> bool {
    matches!(
        mnemonic,
        "adds"
            | "subs"
            | "ands"
            | "bics"
            | "negs"
            | "ngcs"
            | "adcs"
            | "sbcs"
            | "cmp"
            | "cmn"
            | "tst"
            | "ccmp"
            | "ccmn"
            | "fcmp"
            | "fcmpe"
            | "fccmp"
            | "fccmpe"
            | "cfinv"
            | "rmif"
            | "setf8"
            | "setf16"
            | "axflag"
            | "xaflag"
    )
}

/// Instructions that read the flags.
pub(super) fn flags_read(mnemonic: &str) -> bool {
    mnemonic.starts_with("b.")
        || matches!(
            mnemonic,
            "csel"
                | "csinc"
                | "csinv"
                | "csneg"
                | "cset"
                | "csetm"
                | "cinc"
                | "cinv"
                | "cneg"
                | "adc"
                | "adcs"
                | "sbc"
                | "sbcs"
                | "ngc"
                | "ngcs"
                | "ccmp"
                | "ccmn"
                | "fccmp"
                | "fccmpe"
                | "fcsel"
                | "cfinv"
                | "axflag"
                | "xaflag"
        )
}
