//! Loads and stores.

use armlet_cpu::id;
use armlet_decoder::a64::*;

use super::integer::extension;
use super::{Lifter, dst, t, x};
use crate::ir::*;

/// What is transferred.
#[derive(Clone, Copy)]
enum Data {
    Load(Load, u8),
    Store(u8, u8),
    LoadVector(u8, u8),
    StoreVector(u8, u8),
}

impl Data {
    /// The general register that a load writes.
    fn written(self) -> Option<u8> {
        match self {
            Data::Load(_, rt) => Some(rt),
            _ => None,
        }
    }

    fn lift(self, l: &mut Lifter, at: Address) {
        l.push(match self {
            Data::Load(load, rt) => Op::Load { load, d: dst(rt), at },
            Data::Store(size, rt) => Op::Store {
                size,
                a: x(rt),
                at,
                release: false,
            },
            Data::LoadVector(size, d) => Op::Vector(Vector::Load { size, d, at }),
            Data::StoreVector(size, a) => Op::Vector(Vector::Store { size, a, at }),
        });
    }
}

/// How the address is formed.
#[derive(Clone, Copy)]
enum Mode {
    Offset(i32),
    Post(i32),
    Pre(i32),
}

pub(super) fn address(rn: u8, disp: i32) -> Address {
    Address {
        base: x(rn),
        index: None,
        disp,
    }
}

fn one(l: &mut Lifter, data: Data, rn: u8, mode: Mode) -> bool {
    let (disp, write_back) = match mode {
        Mode::Offset(offset) => (offset, None),
        Mode::Post(offset) => (0, Some(offset)),
        Mode::Pre(offset) => (offset, Some(offset)),
    };
    if write_back.is_some() && data.written() == Some(rn) {
        // Constrained unpredictable: as the interpreter does it.
        return false;
    }
    data.lift(l, address(rn, disp));
    write_base(l, rn, write_back);
    true
}

pub(super) fn write_base(l: &mut Lifter, rn: u8, offset: Option<i32>) {
    if let Some(offset) = offset {
        let b = Val::Imm(i64::from(offset) as u64);
        l.push(Op::Alu {
            op: Alu::Add,
            w: Width::X,
            d: Some(Var::X(rn)),
            a: x(rn),
            b,
            flags: false,
        });
    }
}

fn indexed(l: &mut Lifter, data: Data, rn: u8, rm: u8, extend: u8, shift: u8) -> bool {
    let index = (rm != 31).then_some((Var::X(rm), extension(extend), shift));
    data.lift(
        l,
        Address {
            base: x(rn),
            index,
            disp: 0,
        },
    );
    true
}

/// Two transfers, `size` bytes apart.
fn pair(l: &mut Lifter, first: Data, second: Data, size: i32, rn: u8, mode: Mode) -> bool {
    let (disp, write_back) = match mode {
        Mode::Offset(offset) => (offset, None),
        Mode::Post(offset) => (0, Some(offset)),
        Mode::Pre(offset) => (offset, Some(offset)),
    };
    let Some(next) = disp.checked_add(size) else {
        return false;
    };
    let base_is_loaded = first.written() == Some(rn) || second.written() == Some(rn);
    let same = matches!((first.written(), second.written()), (Some(a), Some(b)) if a == b && a != 31);
    if write_back.is_some() && base_is_loaded || same {
        // Constrained unpredictable: as the interpreter does it.
        return false;
    }
    match first {
        // The second access may fault and needs the base again.
        Data::Load(load, rt) if rt == rn => {
            l.push(Op::Load {
                load,
                d: Var::T(1),
                at: address(rn, disp),
            });
            second.lift(l, address(rn, next));
            l.push(Op::Mov {
                w: Width::X,
                d: Var::X(rt),
                a: t(1),
            });
        }
        _ => {
            first.lift(l, address(rn, disp));
            second.lift(l, address(rn, next));
        }
    }
    write_base(l, rn, write_back);
    true
}

fn literal(l: &mut Lifter, data: Data, offset: i64) -> bool {
    let base = Val::Imm(l.pc.wrapping_add_signed(offset));
    data.lift(
        l,
        Address {
            base,
            index: None,
            disp: 0,
        },
    );
    true
}

fn log2(sf: bool) -> u8 {
    if sf { 3 } else { 2 }
}

/// A signed load to W or X.
fn sign(size: u8, w: bool) -> Load {
    Load::Sign(size, if w { Width::W } else { Width::X })
}

fn release(l: &mut Lifter, size: u8, rt: u8, rn: u8, offset: i32) -> bool {
    l.push(Op::Aligned {
        size,
        at: address(rn, offset),
    });
    l.push(Op::Store {
        size,
        a: x(rt),
        at: address(rn, offset),
        release: true,
    });
    true
}

/// DC ZVA: a block that is aligned to its size becomes zero.
fn zero_block(l: &mut Lifter, rt: u8) -> bool {
    l.push(Op::Alu {
        op: Alu::And,
        w: Width::X,
        d: Some(Var::T(0)),
        a: x(rt),
        b: Val::Imm(!(id::ZVA_SIZE - 1)),
        flags: false,
    });
    for disp in (0..id::ZVA_SIZE as i32).step_by(8) {
        l.push(Op::Store {
            size: 3,
            a: Val::Imm(0),
            at: Address {
                base: t(0),
                index: None,
                disp,
            },
            release: false,
        });
    }
    true
}

/// Lifts an instruction of this file; `false` leaves it to others.
#[rustfmt::skip]
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    use Mode::{Offset, Post, Pre};
    match *insn {
        Insn::DcZva(DcZva { rt }) => zero_block(l, rt),
        Insn::StrbImm(StrbImm { rt, rn, offset }) => one(l, Data::Store(0, rt), rn, Offset(offset)),
        Insn::StrbImmPost(StrbImmPost { rt, rn, offset }) => one(l, Data::Store(0, rt), rn, Post(offset)),
        Insn::StrbImmPre(StrbImmPre { rt, rn, offset }) => one(l, Data::Store(0, rt), rn, Pre(offset)),
        Insn::StrbReg(StrbReg { rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Store(0, rt), rn, rm, extend, shift),
        Insn::Sturb(Sturb { rt, rn, offset }) | Insn::Sttrb(Sttrb { rt, rn, offset }) => one(l, Data::Store(0, rt), rn, Offset(offset)),
        Insn::LdrbImm(LdrbImm { rt, rn, offset }) => one(l, Data::Load(Load::Zero(0), rt), rn, Offset(offset)),
        Insn::LdrbImmPost(LdrbImmPost { rt, rn, offset }) => one(l, Data::Load(Load::Zero(0), rt), rn, Post(offset)),
        Insn::LdrbImmPre(LdrbImmPre { rt, rn, offset }) => one(l, Data::Load(Load::Zero(0), rt), rn, Pre(offset)),
        Insn::LdrbReg(LdrbReg { rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(Load::Zero(0), rt), rn, rm, extend, shift),
        Insn::Ldurb(Ldurb { rt, rn, offset }) | Insn::Ldtrb(Ldtrb { rt, rn, offset }) => one(l, Data::Load(Load::Zero(0), rt), rn, Offset(offset)),
        Insn::LdrsbImm(LdrsbImm { w, rt, rn, offset }) => one(l, Data::Load(sign(0, w), rt), rn, Offset(offset)),
        Insn::LdrsbImmPost(LdrsbImmPost { w, rt, rn, offset }) => one(l, Data::Load(sign(0, w), rt), rn, Post(offset)),
        Insn::LdrsbImmPre(LdrsbImmPre { w, rt, rn, offset }) => one(l, Data::Load(sign(0, w), rt), rn, Pre(offset)),
        Insn::LdrsbReg(LdrsbReg { w, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(sign(0, w), rt), rn, rm, extend, shift),
        Insn::Ldursb(Ldursb { w, rt, rn, offset }) | Insn::Ldtrsb(Ldtrsb { w, rt, rn, offset }) => one(l, Data::Load(sign(0, w), rt), rn, Offset(offset)),
        Insn::StrhImm(StrhImm { rt, rn, offset }) => one(l, Data::Store(1, rt), rn, Offset(offset)),
        Insn::StrhImmPost(StrhImmPost { rt, rn, offset }) => one(l, Data::Store(1, rt), rn, Post(offset)),
        Insn::StrhImmPre(StrhImmPre { rt, rn, offset }) => one(l, Data::Store(1, rt), rn, Pre(offset)),
        Insn::StrhReg(StrhReg { rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Store(1, rt), rn, rm, extend, shift),
        Insn::Sturh(Sturh { rt, rn, offset }) | Insn::Sttrh(Sttrh { rt, rn, offset }) => one(l, Data::Store(1, rt), rn, Offset(offset)),
        Insn::LdrhImm(LdrhImm { rt, rn, offset }) => one(l, Data::Load(Load::Zero(1), rt), rn, Offset(offset)),
        Insn::LdrhImmPost(LdrhImmPost { rt, rn, offset }) => one(l, Data::Load(Load::Zero(1), rt), rn, Post(offset)),
        Insn::LdrhImmPre(LdrhImmPre { rt, rn, offset }) => one(l, Data::Load(Load::Zero(1), rt), rn, Pre(offset)),
        Insn::LdrhReg(LdrhReg { rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(Load::Zero(1), rt), rn, rm, extend, shift),
        Insn::Ldurh(Ldurh { rt, rn, offset }) | Insn::Ldtrh(Ldtrh { rt, rn, offset }) => one(l, Data::Load(Load::Zero(1), rt), rn, Offset(offset)),
        Insn::LdrshImm(LdrshImm { w, rt, rn, offset }) => one(l, Data::Load(sign(1, w), rt), rn, Offset(offset)),
        Insn::LdrshImmPost(LdrshImmPost { w, rt, rn, offset }) => one(l, Data::Load(sign(1, w), rt), rn, Post(offset)),
        Insn::LdrshImmPre(LdrshImmPre { w, rt, rn, offset }) => one(l, Data::Load(sign(1, w), rt), rn, Pre(offset)),
        Insn::LdrshReg(LdrshReg { w, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(sign(1, w), rt), rn, rm, extend, shift),
        Insn::Ldursh(Ldursh { w, rt, rn, offset }) | Insn::Ldtrsh(Ldtrsh { w, rt, rn, offset }) => one(l, Data::Load(sign(1, w), rt), rn, Offset(offset)),
        Insn::StrImm(StrImm { sf, rt, rn, offset }) => one(l, Data::Store(log2(sf), rt), rn, Offset(offset)),
        Insn::StrImmPost(StrImmPost { sf, rt, rn, offset }) => one(l, Data::Store(log2(sf), rt), rn, Post(offset)),
        Insn::StrImmPre(StrImmPre { sf, rt, rn, offset }) => one(l, Data::Store(log2(sf), rt), rn, Pre(offset)),
        Insn::StrReg(StrReg { sf, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Store(log2(sf), rt), rn, rm, extend, shift),
        Insn::Stur(Stur { sf, rt, rn, offset }) | Insn::Sttr(Sttr { sf, rt, rn, offset }) => one(l, Data::Store(log2(sf), rt), rn, Offset(offset)),
        Insn::LdrImm(LdrImm { sf, rt, rn, offset }) => one(l, Data::Load(Load::Zero(log2(sf)), rt), rn, Offset(offset)),
        Insn::LdrImmPost(LdrImmPost { sf, rt, rn, offset }) => one(l, Data::Load(Load::Zero(log2(sf)), rt), rn, Post(offset)),
        Insn::LdrImmPre(LdrImmPre { sf, rt, rn, offset }) => one(l, Data::Load(Load::Zero(log2(sf)), rt), rn, Pre(offset)),
        Insn::LdrReg(LdrReg { sf, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(Load::Zero(log2(sf)), rt), rn, rm, extend, shift),
        Insn::Ldur(Ldur { sf, rt, rn, offset }) | Insn::Ldtr(Ldtr { sf, rt, rn, offset }) => one(l, Data::Load(Load::Zero(log2(sf)), rt), rn, Offset(offset)),
        Insn::LdrswImm(LdrswImm { rt, rn, offset }) => one(l, Data::Load(sign(2, false), rt), rn, Offset(offset)),
        Insn::LdrswImmPost(LdrswImmPost { rt, rn, offset }) => one(l, Data::Load(sign(2, false), rt), rn, Post(offset)),
        Insn::LdrswImmPre(LdrswImmPre { rt, rn, offset }) => one(l, Data::Load(sign(2, false), rt), rn, Pre(offset)),
        Insn::LdrswReg(LdrswReg { rt, rn, rm, extend, shift, .. }) => indexed(l, Data::Load(sign(2, false), rt), rn, rm, extend, shift),
        Insn::Ldursw(Ldursw { rt, rn, offset }) | Insn::Ldtrsw(Ldtrsw { rt, rn, offset }) => one(l, Data::Load(sign(2, false), rt), rn, Offset(offset)),
        Insn::PrfmImm(_) | Insn::PrfmReg(_) | Insn::Prfum(_) | Insn::PrfmLit(_) => true,
        Insn::LdrLit(LdrLit { sf, rt, offset }) => literal(l, Data::Load(Load::Zero(log2(sf)), rt), offset),
        Insn::LdrswLit(LdrswLit { rt, offset }) => literal(l, Data::Load(sign(2, false), rt), offset),

        Insn::Stp(Stp { sf, rt, rt2, rn, offset }) | Insn::Stnp(Stnp { sf, rt, rt2, rn, offset }) => stp(l, sf, rt, rt2, rn, Offset(offset)),
        Insn::StpPost(StpPost { sf, rt, rt2, rn, offset }) => stp(l, sf, rt, rt2, rn, Post(offset)),
        Insn::StpPre(StpPre { sf, rt, rt2, rn, offset }) => stp(l, sf, rt, rt2, rn, Pre(offset)),
        Insn::Ldp(Ldp { sf, rt, rt2, rn, offset }) | Insn::Ldnp(Ldnp { sf, rt, rt2, rn, offset }) => ldp(l, Load::Zero(log2(sf)), rt, rt2, rn, Offset(offset)),
        Insn::LdpPost(LdpPost { sf, rt, rt2, rn, offset }) => ldp(l, Load::Zero(log2(sf)), rt, rt2, rn, Post(offset)),
        Insn::LdpPre(LdpPre { sf, rt, rt2, rn, offset }) => ldp(l, Load::Zero(log2(sf)), rt, rt2, rn, Pre(offset)),
        Insn::Ldpsw(Ldpsw { rt, rt2, rn, offset }) => ldp(l, sign(2, false), rt, rt2, rn, Offset(offset)),
        Insn::LdpswPost(LdpswPost { rt, rt2, rn, offset }) => ldp(l, sign(2, false), rt, rt2, rn, Post(offset)),
        Insn::LdpswPre(LdpswPre { rt, rt2, rn, offset }) => ldp(l, sign(2, false), rt, rt2, rn, Pre(offset)),
        Insn::StpSimd(StpSimd { scale, rt, rt2, rn, offset }) | Insn::StnpSimd(StnpSimd { scale, rt, rt2, rn, offset }) => stp_simd(l, scale, rt, rt2, rn, Offset(offset)),
        Insn::StpSimdPost(StpSimdPost { scale, rt, rt2, rn, offset }) => stp_simd(l, scale, rt, rt2, rn, Post(offset)),
        Insn::StpSimdPre(StpSimdPre { scale, rt, rt2, rn, offset }) => stp_simd(l, scale, rt, rt2, rn, Pre(offset)),
        Insn::LdpSimd(LdpSimd { scale, rt, rt2, rn, offset }) | Insn::LdnpSimd(LdnpSimd { scale, rt, rt2, rn, offset }) => ldp_simd(l, scale, rt, rt2, rn, Offset(offset)),
        Insn::LdpSimdPost(LdpSimdPost { scale, rt, rt2, rn, offset }) => ldp_simd(l, scale, rt, rt2, rn, Post(offset)),
        Insn::LdpSimdPre(LdpSimdPre { scale, rt, rt2, rn, offset }) => ldp_simd(l, scale, rt, rt2, rn, Pre(offset)),

        Insn::StrSimdImm(StrSimdImm { scale, rt, rn, offset }) => one(l, Data::StoreVector(scale, rt), rn, Offset(offset)),
        Insn::StrSimdImmPost(StrSimdImmPost { scale, rt, rn, offset }) => one(l, Data::StoreVector(scale, rt), rn, Post(offset)),
        Insn::StrSimdImmPre(StrSimdImmPre { scale, rt, rn, offset }) => one(l, Data::StoreVector(scale, rt), rn, Pre(offset)),
        Insn::StrSimdReg(StrSimdReg { scale, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::StoreVector(scale, rt), rn, rm, extend, shift),
        Insn::SturSimd(SturSimd { scale, rt, rn, offset }) => one(l, Data::StoreVector(scale, rt), rn, Offset(offset)),
        Insn::LdrSimdImm(LdrSimdImm { scale, rt, rn, offset }) => one(l, Data::LoadVector(scale, rt), rn, Offset(offset)),
        Insn::LdrSimdImmPost(LdrSimdImmPost { scale, rt, rn, offset }) => one(l, Data::LoadVector(scale, rt), rn, Post(offset)),
        Insn::LdrSimdImmPre(LdrSimdImmPre { scale, rt, rn, offset }) => one(l, Data::LoadVector(scale, rt), rn, Pre(offset)),
        Insn::LdrSimdReg(LdrSimdReg { scale, rt, rn, rm, extend, shift, .. }) => indexed(l, Data::LoadVector(scale, rt), rn, rm, extend, shift),
        Insn::LdurSimd(LdurSimd { scale, rt, rn, offset }) => one(l, Data::LoadVector(scale, rt), rn, Offset(offset)),
        Insn::LdrSimdLit(LdrSimdLit { scale, rt, offset }) => literal(l, Data::LoadVector(scale, rt), offset),

        Insn::Stlr(Stlr { sf, rt, rn }) => release(l, log2(sf), rt, rn, 0),
        Insn::Stlrb(Stlrb { rt, rn }) => release(l, 0, rt, rn, 0),
        Insn::Stlrh(Stlrh { rt, rn }) => release(l, 1, rt, rn, 0),
        Insn::Ldar(Ldar { sf, rt, rn }) => acquire_in_order(l, log2(sf), rt, rn),
        Insn::Ldarb(Ldarb { rt, rn }) => acquire_in_order(l, 0, rt, rn),
        Insn::Ldarh(Ldarh { rt, rn }) => acquire_in_order(l, 1, rt, rn),
        Insn::Ldapr(Ldapr { sf, rt, rn }) => acquire(l, log2(sf), Load::Zero(log2(sf)), rt, rn, 0),
        Insn::Ldapur(Ldapur { sf, rt, rn, offset }) => acquire(l, log2(sf), Load::Zero(log2(sf)), rt, rn, offset),
        Insn::Ldapurb(Ldapurb { rt, rn, offset }) => acquire(l, 0, Load::Zero(0), rt, rn, offset),
        Insn::Ldapurh(Ldapurh { rt, rn, offset }) => acquire(l, 1, Load::Zero(1), rt, rn, offset),
        Insn::Ldapursb(Ldapursb { w, rt, rn, offset }) => acquire(l, 0, sign(0, w), rt, rn, offset),
        Insn::Ldapursh(Ldapursh { w, rt, rn, offset }) => acquire(l, 1, sign(1, w), rt, rn, offset),
        Insn::Ldapursw(Ldapursw { rt, rn, offset }) => acquire(l, 2, sign(2, false), rt, rn, offset),
        Insn::Stlur(Stlur { sf, rt, rn, offset }) => release(l, log2(sf), rt, rn, offset),
        Insn::Stlurb(Stlurb { rt, rn, offset }) => release(l, 0, rt, rn, offset),
        Insn::Stlurh(Stlurh { rt, rn, offset }) => release(l, 1, rt, rn, offset),
        Insn::Stllr(Stllr { sf, rt, rn }) => release(l, log2(sf), rt, rn, 0),
        Insn::Stllrb(Stllrb { rt, rn }) => release(l, 0, rt, rn, 0),
        Insn::Stllrh(Stllrh { rt, rn }) => release(l, 1, rt, rn, 0),
        Insn::Ldlar(Ldlar { sf, rt, rn }) => acquire_in_order(l, log2(sf), rt, rn),
        Insn::Ldlarb(Ldlarb { rt, rn }) => acquire_in_order(l, 0, rt, rn),
        Insn::Ldlarh(Ldlarh { rt, rn }) => acquire_in_order(l, 1, rt, rn),
        Insn::Ldaprb(Ldaprb { rt, rn }) => acquire(l, 0, Load::Zero(0), rt, rn, 0),
        Insn::Ldaprh(Ldaprh { rt, rn }) => acquire(l, 1, Load::Zero(1), rt, rn, 0),
        _ => false,
    }
}

/// LDAPR and LDAPUR: plain under TSO, but it must be aligned.
fn acquire(l: &mut Lifter, size: u8, load: Load, rt: u8, rn: u8, offset: i32) -> bool {
    l.push(Op::Aligned {
        size,
        at: address(rn, offset),
    });
    one(l, Data::Load(load, rt), rn, Mode::Offset(offset))
}

/// LDAR, which does not pass a store-release.
fn acquire_in_order(l: &mut Lifter, size: u8, rt: u8, rn: u8) -> bool {
    l.push(Op::Aligned {
        size,
        at: address(rn, 0),
    });
    l.push(Op::AfterReleases);
    one(l, Data::Load(Load::Zero(size), rt), rn, Mode::Offset(0))
}

fn stp(l: &mut Lifter, sf: bool, rt: u8, rt2: u8, rn: u8, mode: Mode) -> bool {
    pair(
        l,
        Data::Store(log2(sf), rt),
        Data::Store(log2(sf), rt2),
        1 << log2(sf),
        rn,
        mode,
    )
}

fn ldp(l: &mut Lifter, load: Load, rt: u8, rt2: u8, rn: u8, mode: Mode) -> bool {
    let size = match load {
        Load::Zero(size) | Load::Sign(size, _) => 1 << size,
    };
    pair(l, Data::Load(load, rt), Data::Load(load, rt2), size, rn, mode)
}

fn stp_simd(l: &mut Lifter, scale: u8, rt: u8, rt2: u8, rn: u8, mode: Mode) -> bool {
    pair(
        l,
        Data::StoreVector(scale, rt),
        Data::StoreVector(scale, rt2),
        1 << scale,
        rn,
        mode,
    )
}

fn ldp_simd(l: &mut Lifter, scale: u8, rt: u8, rt2: u8, rn: u8, mode: Mode) -> bool {
    pair(
        l,
        Data::LoadVector(scale, rt),
        Data::LoadVector(scale, rt2),
        1 << scale,
        rn,
        mode,
    )
}
