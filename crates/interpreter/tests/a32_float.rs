//! What is special about VFP and Advanced SIMD in AArch32: FPSCR, short vectors, two roundings, the halves of registers. The
//! instructions one by one are compared with qemu-arm elsewhere.

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_decoder::a32::decode;
use armlet_interpreter::a32::execute;

fn run(cpu: &mut State, words: &[u32]) -> Result<(), Trap> {
    words.iter().try_for_each(|&word| {
        let decoded = decode(word).expect("an instruction");
        execute(cpu, decoded.insn, decoded.len)
    })
}

fn on(model: Model) -> State {
    let mut cpu = State::default();
    cpu.a32.model = model;
    cpu
}

/// Writes FPSCR through VMSR and reads it back through VMRS.
fn fpscr(cpu: &mut State, bits: u32) -> u32 {
    cpu.set_r(0, bits);
    // vmsr fpscr, r0; vmrs r1, fpscr
    run(cpu, &[0xeee1_0a10, 0xeef1_1a10]).expect("no trap");
    cpu.r(1)
}

fn singles<const N: usize>(cpu: &State, first: u8) -> [f32; N] {
    std::array::from_fn(|i| f32::from_bits(cpu.s(first + i as u8)))
}

/// S0 to S31 are 0.0 to 31.0.
fn count(cpu: &mut State) {
    (0..32).for_each(|n| cpu.set_s(n, f32::from(n).to_bits()));
}

#[test]
fn fpscr_has_the_bits_of_the_model() {
    assert_eq!(fpscr(&mut on(Model::Arm926), u32::MAX), 0xf3f7_009f);
    assert_eq!(fpscr(&mut on(Model::CortexA9), u32::MAX), 0xfff7_009f);
    assert_eq!(fpscr(&mut on(Model::Max), u32::MAX), 0xffc8_009f);
}

#[test]
fn short_vectors_wrap_in_their_banks() {
    const ADD_S14_S22_S30: u32 = 0xee3b_7a0f;
    let mut cpu = on(Model::CortexA9);
    count(&mut cpu);
    // Len 4, Stride 1.
    fpscr(&mut cpu, 3 << 16);
    run(&mut cpu, &[ADD_S14_S22_S30]).expect("no trap");
    assert_eq!(singles(&cpu, 8), [40.0, 42.0, 10.0, 11.0, 12.0, 13.0, 52.0, 54.0]);
    // Len 4, Stride 2.
    count(&mut cpu);
    fpscr(&mut cpu, 3 << 20 | 3 << 16);
    run(&mut cpu, &[ADD_S14_S22_S30]).expect("no trap");
    assert_eq!(singles(&cpu, 8), [40.0, 9.0, 44.0, 11.0, 48.0, 13.0, 52.0, 15.0]);
}

#[test]
fn the_first_bank_is_scalar() {
    let mut cpu = on(Model::CortexA9);
    count(&mut cpu);
    fpscr(&mut cpu, 1 << 16);
    // vadd.f32 s1, s8, s9: a scalar destination. vadd.f32 s8, s10, s2: the second source stays.
    run(&mut cpu, &[0xee74_0a24, 0xee35_4a01]).expect("no trap");
    assert_eq!(singles(&cpu, 1), [17.0, 2.0]);
    assert_eq!(singles(&cpu, 8), [12.0, 13.0, 10.0]);
    // vneg.f64 d4, d1
    cpu.set_d(1, 1.5f64.to_bits());
    run(&mut cpu, &[0xeeb1_4b41]).expect("no trap");
    assert_eq!([cpu.d(4), cpu.d(5)], [(-1.5f64).to_bits(); 2]);
}

#[test]
fn comparisons_set_fpscr_first() {
    let mut cpu = on(Model::Max);
    cpu.set_s(0, 1.0f32.to_bits());
    cpu.set_s(1, 2.0f32.to_bits());
    // vcmp.f32 s0, s1
    run(&mut cpu, &[0xeeb4_0a60]).expect("no trap");
    assert_eq!((cpu.flags.to_bits(), cpu.a32.fpscr_flags.to_bits()), (0, 0x8000_0000));
    // vmrs apsr_nzcv, fpscr
    run(&mut cpu, &[0xeef1_fa10]).expect("no trap");
    assert_eq!(cpu.flags.to_bits(), 0x8000_0000);
}

#[test]
fn vmla_rounds_twice_and_vfma_once() {
    let a = f32::from_bits(0x3f80_0800);
    let mut cpu = on(Model::Max);
    for word in [0xee00_0aa0u32, 0xeea0_0aa0] {
        // vmla.f32 s0, s1, s1; vfma.f32 s0, s1, s1
        cpu.set_s(0, (-1.0f32).to_bits());
        cpu.set_s(1, a.to_bits());
        run(&mut cpu, &[word]).expect("no trap");
        let fused = a.mul_add(a, -1.0);
        let expected = if word == 0xee00_0aa0 { a * a - 1.0 } else { fused };
        assert_ne!(a * a - 1.0, fused);
        assert_eq!(f32::from_bits(cpu.s(0)), expected);
    }
}

#[test]
fn advanced_simd_flushes_whatever_fpscr_says() {
    let mut cpu = on(Model::Max);
    cpu.set_v(1, 0x0000_0001_8000_0001_3f80_0000_7fc0_1234);
    // vadd.f32 q0, q1, q1: a denormal is zero, a NaN the default one.
    run(&mut cpu, &[0xf202_0d42]).expect("no trap");
    assert_eq!(cpu.v(0), 0x0000_0000_8000_0000_4000_0000_7fc0_0000);
    // vadd.f32 s0, s7, s7: VFP obeys FPSCR.
    run(&mut cpu, &[0xee33_0aa3]).expect("no trap");
    assert_eq!(cpu.s(0), 2);
}

#[test]
fn a_d_register_is_half_of_a_q_register() {
    let mut cpu = on(Model::Max);
    cpu.set_v(1, 0x2222_2222_2222_2222_1111_1111_1111_1111);
    // vadd.i8 d3, d2, d3
    run(&mut cpu, &[0xf202_3803]).expect("no trap");
    assert_eq!(cpu.v(1), 0x3333_3333_3333_3333_1111_1111_1111_1111);
    // vmull.u8 q1, d2, d3: the sources are the halves of the destination.
    run(&mut cpu, &[0xf382_2c03]).expect("no trap");
    assert_eq!(cpu.v(1), 0x0363_0363_0363_0363_0363_0363_0363_0363);
}

#[test]
fn stated_alignment_is_checked() {
    let mut cpu = on(Model::Max);
    let misaligned = |address, access| {
        Err(Trap::Memory(Fault {
            address,
            access,
            kind: FaultKind::Alignment,
        }))
    };
    cpu.set_r(1, 0x1_0002);
    // vldr s0, [r1]; vstmia r1, {d0}; vld1.8 {d0}, [r1:64]
    assert_eq!(run(&mut cpu, &[0xed91_0a00]), misaligned(0x1_0002, Access::Read));
    assert_eq!(run(&mut cpu, &[0xec81_0b02]), misaligned(0x1_0002, Access::Write));
    assert_eq!(run(&mut cpu, &[0xf421_071f]), misaligned(0x1_0002, Access::Read));
    cpu.set_r(1, 0x1_0010);
    // vld1.8 {d0-d3}, [r1:256]
    assert_eq!(run(&mut cpu, &[0xf421_023f]), misaligned(0x1_0010, Access::Read));
}
