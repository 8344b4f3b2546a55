//! VFP data processing: F4.1.

use armlet_cpu::a64::State;
use armlet_cpu::fp::{self, FpEnv};
use armlet_decoder::a32::*;

/// VADD (floating-point), double precision.
#[inline(always)]
pub fn vadd_f64(cpu: &mut State, VaddF64 { vd, vn, vm }: VaddF64) {
    let mut env = FpEnv::new(cpu.fpcr, cpu.fpsr);
    let sum = fp::add(cpu.d(vn), cpu.d(vm), &mut env);
    cpu.fpsr = env.fpsr;
    cpu.set_d(vd, sum);
}
