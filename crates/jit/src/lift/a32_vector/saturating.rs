//! Advanced SIMD instructions of AArch32 that saturate, shifts by a register, products of other kinds, and hashes.

use armlet_decoder::a32;
use armlet_decoder::a64::*;

use super::*;

/// `A32 => A64;` by shape; `signs` are two in A64.
macro_rules! shapes {
    ($code:ident, $insn:ident;
        shifts {$($Shift:ident => $Signed:ident $Unsigned:ident,)*}
        accumulating {$($Acc:ident => $ToAcc:ident,)*}
        long {$($Long:ident => $ToLong:ident,)*}
        scalar {$($Scalar:ident => $ToScalar:ident $accumulates:literal,)*}
        long_scalar {$($LongScalar:ident => $ToLongScalar:ident,)*}
        one {$($One:ident => $To1:ident,)*}
        dot {$($Dot:ident $DotElement:ident => $ToDot:ident $ToDotElement:ident,)*}
        hash {$($Hash:ident)*}
        schedule {$($Schedule:ident)*}
    ) => {
        match *$insn {
            // A shift by a register has its operands the other way round.
            $(a32::Insn::$Shift(a32::$Shift { q, size, vd, vn, vm, unsigned }) => {
                $code.vector3(q, false, [vd, vm, vn], |rd, rn, rm| match unsigned {
                    false => Insn::$Signed($Signed { q, size, rd, rn, rm }),
                    true => Insn::$Unsigned($Unsigned { q, size, rd, rn, rm }),
                });
            })*
            $(a32::Insn::$Acc(a32::$Acc { q, size, vd, vn, vm }) => {
                $code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| Insn::$ToAcc($ToAcc { q, size, rd, rn, rm }));
            })*
            $(a32::Insn::$Long(a32::$Long { size, vd, vn, vm }) => {
                $code.long([vd, vn, vm], |rd, rn, rm| Insn::$ToLong($ToLong { q: false, size, rd, rn, rm }));
            })*
            $(a32::Insn::$Scalar(a32::$Scalar { q, size, vd, vn, vm, index }) => {
                $code.by_scalar(q, ($accumulates, size), [vd, vn, vm], index, |rd, rn, rm, index| {
                    Insn::$ToScalar($ToScalar { q, size, rd, rn, index, rm })
                });
            })*
            $(a32::Insn::$LongScalar(a32::$LongScalar { size, vd, vn, vm, index }) => {
                $code.long_by_scalar(size, [vd, vn, vm], index, |rd, rn, rm, index| {
                    Insn::$ToLongScalar($ToLongScalar { q: false, size, rd, rn, index, rm })
                });
            })*
            $(a32::Insn::$One(a32::$One { q, size, vd, vm }) => {
                $code.vector2(q, false, [vd, vm], |rd, rn| Insn::$To1($To1 { q, size, rd, rn }));
            })*
            $(a32::Insn::$Dot(a32::$Dot { q, vd, vn, vm }) => {
                $code.vector3(q, true, [vd, vn, vm], |rd, rn, rm| Insn::$ToDot($ToDot { q, rd, rn, rm }));
            }
            a32::Insn::$DotElement(a32::$DotElement { q, vd, vn, vm, index }) => {
                $code.by_scalar(q, (true, 2), [vd, vn, vm], index, |rd, rn, rm, index| {
                    Insn::$ToDotElement($ToDotElement { q, rd, rn, rm, index })
                });
            })*
            $(a32::Insn::$Hash(a32::$Hash { vd, vn, vm }) => {
                $code.push(Insn::$Hash($Hash { rd: vd / 2, rn: vn / 2, rm: vm / 2 }));
            })*
            $(a32::Insn::$Schedule(a32::$Schedule { vd, vm }) => {
                $code.push(Insn::$Schedule($Schedule { rd: vd / 2, rn: vm / 2 }));
            })*
            _ => return others($code, $insn),
        }
    };
}

/// Lifts an instruction of this file.
#[rustfmt::skip]
pub(super) fn lift(code: &mut Code, insn: &a32::Insn) -> bool {
    shapes! { code, insn;
        shifts { VqshlReg => SqshlVec UqshlVec, Vrshl => SrshlVec UrshlVec, Vqrshl => SqrshlVec UqrshlVec, }
        accumulating { Vqrdmlah => SqrdmlahVec, Vqrdmlsh => SqrdmlshVec, }
        long { Vqdmull => SqdmullVec, Vqdmlal => SqdmlalVec, Vqdmlsl => SqdmlslVec, }
        scalar { VqdmulhScalar => SqdmulhElementVec false, VqrdmulhScalar => SqrdmulhElementVec false,
            VqrdmlahScalar => SqrdmlahElementVec true, VqrdmlshScalar => SqrdmlshElementVec true, }
        long_scalar { VqdmullScalar => SqdmullElementVec, VqdmlalScalar => SqdmlalElementVec, VqdmlslScalar => SqdmlslElementVec, }
        one { Vqabs => SqabsVec, Vqneg => SqnegVec, }
        dot { Vsdot VsdotElement => SdotVec SdotElement, Vudot VudotElement => UdotVec UdotElement, }
        hash { Sha1c Sha1p Sha1m Sha1su0 Sha256h Sha256h2 Sha256su1 }
        schedule { Sha1h Sha1su1 Sha256su0 }
    }
    true
}

#[rustfmt::skip]
fn others(code: &mut Code, insn: &a32::Insn) -> bool {
    match *insn {
        a32::Insn::Vqshlu(a32::Vqshlu { q, size, shift, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::SqshluVec(SqshluVec { q, size, rd, rn, shift }));
        }
        a32::Insn::VqshlImm(a32::VqshlImm { q, size, shift, vd, vm, unsigned }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| match unsigned {
                false => Insn::SqshlImmVec(SqshlImmVec { q, size, rd, rn, shift }),
                true => Insn::UqshlImmVec(UqshlImmVec { q, size, rd, rn, shift }),
            });
        }
        a32::Insn::VmulPoly(a32::VmulPoly { q, vd, vn, vm }) => {
            code.vector3(q, false, [vd, vn, vm], |rd, rn, rm| Insn::PmulVec(PmulVec { q, size: 0, rd, rn, rm }));
        }
        a32::Insn::VmullPoly(a32::VmullPoly { vd, vn, vm }) => {
            code.long([vd, vn, vm], |rd, rn, rm| Insn::Pmull8(Pmull8 { q: false, rd, rn, rm }));
        }
        a32::Insn::VrecpeInt(a32::VrecpeInt { q, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::Urecpe(Urecpe { q, rd, rn }));
        }
        a32::Insn::VrsqrteInt(a32::VrsqrteInt { q, vd, vm }) => {
            code.vector2(q, false, [vd, vm], |rd, rn| Insn::Ursqrte(Ursqrte { q, rd, rn }));
        }
        _ => return false,
    }
    true
}
