//! One instruction of each extension that this CPU does not have, by the encodings of the Arm manual: it is named, and does
//! not pass for unallocated.

use armlet_decoder::a64::{Extension, Undecoded, decode};

#[test]
fn instructions_of_other_extensions_are_named() {
    use Extension::*;
    for (word, extension, text) in [
        (0x0420_0000, Sve, "add z0.b, z0.b, #0 and its space"),
        (0x8080_0000, Sme, "fmopa za0.s, p0/m, p0/m, z0.s, z0.s"),
        (0xd71f_0801, PAuth, "braa x0, x1"),
        (0xd65f_0bff, PAuth, "retaa"),
        (0xdac1_0020, PAuth, "pacia x0, x1"),
        (0x9ac2_3020, PAuth, "pacga x0, x1, x2"),
        (0xf820_0420, PAuth, "ldraa x0, [x1]"),
        (0x9180_0020, Mte, "addg x0, x1, #0, #0"),
        (0x9adf_1020, Mte, "irg x0, x1"),
        (0xd920_0820, Mte, "stg x0, [x1]"),
        (0x1901_0440, Mops, "cpyfp [x0]!, [x1]!, x2!"),
        (0xdac0_2020, Cssc, "abs x0, x1"),
        (0x91c0_0020, Cssc, "smax x0, x1, #0"),
        (0xf83f_d020, Ls64, "ld64b x0, [x1]"),
        (0x1920_8041, Lse128, "swpp x1, x0, [x2]"),
        (0xd941_1820, Lrcpc3, "ldiapp x0, x1, [x1]"),
        (0x1920_0820, The, "rcwcas x0, x0, [x1]"),
        (0xd503_30ff, Sb, "sb"),
        (0xd503_323f, Xs, "dsb oshnxs"),
        (0xd503_1000, Wfxt, "wfet x0"),
        (0xd523_3060, Tme, "tstart x0"),
        (0x5400_0010, Hbc, "bc.eq #0"),
        (0xd578_2000, Sysreg128, "mrrs x0, x1, ttbr0_el1"),
        (0xd50b_7d20, Dpb2, "dc cvadp, x0"),
        (0xd50b_7480, Mte, "dc gzva, x0"),
        (0xd50b_7380, Specres, "cfp rctx, x0"),
        (0xd538_1000, Privileged, "mrs x0, sctlr_el1"),
        (0xd69f_03e0, Privileged, "eret"),
    ] {
        assert_eq!(
            decode(word),
            Err(Undecoded::Unimplemented(extension)),
            "{word:#010x} {text}"
        );
    }
    assert_eq!(decode(0x0001_0000), Err(Undecoded::Unallocated));
}
