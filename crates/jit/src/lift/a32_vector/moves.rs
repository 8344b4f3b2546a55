//! Advanced SIMD instructions of AArch32 that move data about.

use armlet_decoder::a32;
use armlet_decoder::a64::*;

use super::*;

/// V\[RESULT\] = bytes of the table in D\[n\] and the registers behind it, selected by D\[m\], which is in the register that is answered.
fn look_up(code: &mut Code, n: u8, m: u8, count: u8) -> u8 {
    // A table of one register, or the last one of three, has zeros above it; one of two is a whole register.
    let rn = match (count, n & 1) {
        (2, 0) => n / 2,
        _ => FIRST,
    };
    if rn == FIRST {
        for (register, to) in (0..count).zip([FIRST, FIRST, SECOND, SECOND]) {
            if register & 1 == 0 {
                code.copy(3, n + register, to);
            } else {
                let (rn, source) = code.place(3, n + register);
                code.push(Insn::InsElement(InsElement {
                    size: 3,
                    rd: to,
                    rn,
                    index: 1,
                    source,
                }));
            }
        }
    }
    let rm = code.source(3, m, THIRD);
    code.push(Insn::Tbl(Tbl {
        q: false,
        rd: RESULT,
        rn,
        rm,
        count: count.div_ceil(2),
    }));
    rm
}

/// A bit operation with a constant in both halves.
fn with_constant(code: &mut Code, q: bool, d: u8, imm: u64, insn: impl FnOnce(bool, u8, u8, u8) -> Insn) {
    code.push(Insn::Movi64(Movi64 { q, rd: THIRD, imm }));
    code.vector2(q, false, [d, d], |rd, rn| insn(q, rd, rn, THIRD));
}

/// Immediates, lanes, tables, and transfers to and from general registers.
#[rustfmt::skip]
pub(super) fn lift(code: &mut Code, insn: &a32::Insn) -> bool {
    match *insn {
        a32::Insn::VmovImm32(a32::VmovImm32 { q, vd, imm })
        | a32::Insn::VmovImm16(a32::VmovImm16 { q, vd, imm })
        | a32::Insn::VmovImmOnes(a32::VmovImmOnes { q, vd, imm })
        | a32::Insn::VmovImm8(a32::VmovImm8 { q, vd, imm })
        | a32::Insn::VmovImm64(a32::VmovImm64 { q, vd, imm })
        | a32::Insn::VmovImmFp(a32::VmovImmFp { q, vd, imm }) => code.constant(q, vd, imm),
        a32::Insn::VmvnImm32(a32::VmvnImm32 { q, vd, imm })
        | a32::Insn::VmvnImm16(a32::VmvnImm16 { q, vd, imm })
        | a32::Insn::VmvnImmOnes(a32::VmvnImmOnes { q, vd, imm }) => code.constant(q, vd, !imm),
        a32::Insn::VdupScalar(a32::VdupScalar { q, size, index, vd, vm }) => {
            let (rn, index) = (vm / 2, (vm & 1) * (8 >> size) + index);
            if q {
                code.push(Insn::DupElementVec(DupElementVec { q, size, rd: vd / 2, rn, index }));
            } else {
                code.push(Insn::DupElementVec(DupElementVec { q, size, rd: RESULT, rn, index }));
                code.result(3, vd, RESULT);
            }
        }
        a32::Insn::VdupCore(a32::VdupCore { size, q, vd, rt }) => {
            if q {
                code.push(Insn::DupGeneral(DupGeneral { q, size, rd: vd / 2, rn: rt }));
            } else {
                code.push(Insn::DupGeneral(DupGeneral { q, size, rd: RESULT, rn: rt }));
                code.result(3, vd, RESULT);
            }
        }
        a32::Insn::Vext(a32::Vext { q, vd, vn, vm, index }) => {
            code.vector3(q, false, [vd, vn, vm], |rd, rn, rm| Insn::Ext(Ext { q, rd, rn, rm, index }));
        }
        a32::Insn::VorrImm32(a32::VorrImm32 { q, vd, imm }) | a32::Insn::VorrImm16(a32::VorrImm16 { q, vd, imm }) => {
            with_constant(code, q, vd, imm, |q, rd, rn, rm| Insn::OrrVec(OrrVec { q, rd, rn, rm }));
        }
        a32::Insn::VbicImm32(a32::VbicImm32 { q, vd, imm }) | a32::Insn::VbicImm16(a32::VbicImm16 { q, vd, imm }) => {
            with_constant(code, q, vd, imm, |q, rd, rn, rm| Insn::BicVec(BicVec { q, rd, rn, rm }));
        }
        a32::Insn::Vtbl(a32::Vtbl { vd, vn, vm, count }) => {
            look_up(code, vn, vm, count);
            code.result(3, vd, RESULT);
        }
        a32::Insn::Vtbx(a32::Vtbx { vd, vn, vm, count }) => {
            // Where the index is within the table, what is found there.
            let index = look_up(code, vn, vm, count);
            let imm = u64::from(8 * count) * 0x0101_0101_0101_0101;
            code.push(Insn::Movi64(Movi64 { q: false, rd: SECOND, imm }));
            code.push(Insn::CmhiVec(CmhiVec { q: false, size: 0, rd: SECOND, rn: SECOND, rm: index }));
            code.copy(3, vd, FIRST);
            code.push(Insn::BitVec(BitVec { q: false, rd: FIRST, rn: RESULT, rm: SECOND }));
            code.result(3, vd, FIRST);
        }
        a32::Insn::VmovCoreToSingle(a32::VmovCoreToSingle { vn, rt }) => code.move_in(2, vn, rt),
        a32::Insn::VmovSingleToCore(a32::VmovSingleToCore { vn, rt }) => code.move_out(rt, vn),
        a32::Insn::VmovCoresToSingles(a32::VmovCoresToSingles { vm, rt, rt2 }) => {
            code.move_in(2, vm, rt);
            code.move_in(2, vm + 1, rt2);
        }
        a32::Insn::VmovSinglesToCores(a32::VmovSinglesToCores { vm, rt, rt2 }) => {
            code.move_out(rt, vm);
            code.move_out(rt2, vm + 1);
        }
        a32::Insn::VmovCoresToDouble(a32::VmovCoresToDouble { vm, rt, rt2 }) => {
            for (half, rn) in (0..).zip([rt, rt2]) {
                let (rd, index) = code.element(2, vm, half);
                code.push(Insn::InsGeneral(InsGeneral { size: 2, rd, rn, index }));
            }
        }
        a32::Insn::VmovDoubleToCores(a32::VmovDoubleToCores { vm, rt, rt2 }) => {
            for (half, rd) in (0..).zip([rt, rt2]) {
                let (rn, index) = code.element(2, vm, half);
                code.push(Insn::Umov(Umov { sf: false, size: 2, rd, rn, index }));
            }
        }
        a32::Insn::VmovCoreToScalar(a32::VmovCoreToScalar { size, index, vd, rt }) => {
            let (rd, index) = code.element(size, vd, index);
            code.push(Insn::InsGeneral(InsGeneral { size, rd, rn: rt, index }));
        }
        a32::Insn::VmovScalarToCore(a32::VmovScalarToCore { size, index, vn, rt, unsigned }) => {
            let (sf, rd, (rn, index)) = (false, rt, code.element(size, vn, index));
            code.push(match unsigned || size == 2 {
                true => Insn::Umov(Umov { sf, size, rd, rn, index }),
                false => Insn::Smov(Smov { sf, size, rd, rn, index }),
            });
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use armlet_cpu::a64::State;

    use super::*;

    /// Random numbers (xorshift64*), and some special ones.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }

        /// A number near 1, infinity, a NaN, a denormal, or anything; of both precisions.
        fn double(&mut self) -> u64 {
            const SPECIAL: [u64; 8] = [
                0x7ff0_0000_7f80_0000,
                0x7ff8_0000_0000_0001,
                0xffa0_1234_ff81_0000,
                0x0000_0001_0000_0001,
                0x8000_0000_8000_0000,
                0x3ff0_0000_3f80_0000,
                0xc1e0_0000_cf00_0000,
                0x0008_0000_0070_0000,
            ];
            match self.next() % 4 {
                0 => SPECIAL[(self.next() % 8) as usize],
                1 => 0x3ff0_0000_3f80_0000 ^ self.next() >> 12 & 0x007f_ffff_007f_ffff,
                _ => self.next(),
            }
        }
    }

    fn state(random: &mut Random) -> State {
        let mut cpu = State::default();
        (0..15).for_each(|n| cpu.set_r(n, random.next() as u32));
        (0..32).for_each(|n| cpu.set_d(n, random.double()));
        cpu.flags = armlet_cpu::a64::Flags::from_bits(random.next() as u32);
        cpu
    }

    #[test]
    fn equivalents_do_what_the_interpreter_does() {
        let mut random = Random(1);
        let floating = |row: &&a32::Row| ["vfp", "simd", "crypto"].iter().any(|part| row.file.starts_with(part));
        let (mut known, mut in_halves) = (0, 0);
        for row in a32::ROWS.iter().filter(floating) {
            let mut has = false;
            for _ in 0..400 {
                let word = row.value | random.next() as u32 & !row.mask;
                let word = if row.pattern.starts_with("cccc") {
                    word & 0x0fff_ffff | 0xe000_0000
                } else {
                    word
                };
                let Ok(decoded) = a32::decode(word) else { continue };
                let (decoded_row, insn) = (decoded.row.name, decoded.insn);
                let Some(code) = equivalent(&insn, Halves::default()) else {
                    continue;
                };
                has |= decoded_row == row.name;
                // In halves, too, where that is possible.
                let halves = Halves::of((0..16).filter(|_| !random.next().is_multiple_of(3)));
                let apart = equivalent(&insn, halves).expect("it is known");
                if crate::lift::a32::whole(&apart, halves) == 0 {
                    in_halves += 1;
                    let mut theirs = state(&mut random);
                    let mut ours = theirs.clone();
                    for (low, high) in halves.pairs() {
                        ours.v[usize::from(high)] = (u128::from(ours.v[usize::from(low)]) >> 64).into();
                    }
                    armlet_interpreter::a32::execute(&mut theirs, insn, 4).expect("no trap");
                    for insn in &apart {
                        armlet_interpreter::a64::execute(&mut ours, *insn).expect("no trap");
                    }
                    for (low, high) in halves.pairs() {
                        let half = |n: u8| u128::from(ours.v[usize::from(n)]) & u128::from(u64::MAX);
                        ours.v[usize::from(low)] = (half(low) | half(high) << 64).into();
                    }
                    assert_eq!(ours.v[..16], theirs.v[..16], "{word:08x} {} {apart:?}", row.name);
                    assert_eq!(ours.x[..15], theirs.x[..15], "{word:08x} {} {apart:?}", row.name);
                }
                let mut theirs = state(&mut random);
                let mut ours = theirs.clone();
                armlet_interpreter::a32::execute(&mut theirs, insn, 4).expect("no trap");
                for insn in &code {
                    armlet_interpreter::a64::execute(&mut ours, *insn).expect("no trap");
                }
                let seen = |cpu: &State| {
                    (
                        cpu.v[..16].to_vec(),
                        cpu.x[..15].to_vec(),
                        cpu.fpsr,
                        cpu.flags,
                        cpu.a32.fpscr_flags,
                    )
                };
                assert_eq!(seen(&ours), seen(&theirs), "{word:08x} {} {code:?}", row.name);
            }
            known += u32::from(has);
        }
        assert!(known >= 120, "{known} rows");
        assert!(in_halves >= 8000, "{in_halves} cases");
    }
}
