//! Copies of instruction functions, compiled for one value of an operand: no flags, no shift, one way of addressing. The function stays the one
//! readable function; here the compiler only learns some of its operands in advance. (Conditions have copies of their own, in `block.rs`.)

use armlet_decoder::a32::*;

use super::dispatch::{Handling, Instruction, handling};

/// `file name Type { operand: value, … };` a line: where the operands have these values, the first such copy is taken.
macro_rules! special {
    ($($file:ident $name:ident $Type:ident { $($field:ident: $value:literal),* };)*) => {
        pub fn handler(insn: &Insn) -> Option<Handling> {
            Some(match insn {
                $(Insn::$Type($Type { $($field: $value,)* .. }) => handling(super::$file::$name, |cpu, op, rest, blocks| {
                    match op.insn {
                        Insn::$Type(operands) => {
                            let operands = $Type { $($field: $value,)* ..operands };
                            super::$file::$name.invoke(cpu, operands, op, rest, blocks)
                        }
                        _ => unreachable!("a handler stands beside its own operands"),
                    }
                }),)*
                _ => return None,
            })
        }
    };
}

special! {
    // Data processing: no flags, no shift, one kind of shift.
    data_processing and_imm AndImm { s: false };
    data_processing and_imm AndImm { s: true, carry: 2 };
    data_processing and_reg AndReg { s: false, shift: 0, amount: 0 };
    data_processing and_reg AndReg { s: true, shift: 0, amount: 0 };
    data_processing and_reg AndReg { s: false, shift: 0 };
    data_processing and_reg AndReg { s: false, shift: 1 };
    data_processing and_reg AndReg { s: false, shift: 2 };
    data_processing and_reg AndReg { s: false, shift: 3 };
    data_processing eor_imm EorImm { s: false };
    data_processing eor_imm EorImm { s: true, carry: 2 };
    data_processing eor_reg EorReg { s: false, shift: 0, amount: 0 };
    data_processing eor_reg EorReg { s: true, shift: 0, amount: 0 };
    data_processing eor_reg EorReg { s: false, shift: 0 };
    data_processing eor_reg EorReg { s: false, shift: 1 };
    data_processing eor_reg EorReg { s: false, shift: 2 };
    data_processing eor_reg EorReg { s: false, shift: 3 };
    data_processing orr_imm OrrImm { s: false };
    data_processing orr_imm OrrImm { s: true, carry: 2 };
    data_processing orr_reg OrrReg { s: false, shift: 0, amount: 0 };
    data_processing orr_reg OrrReg { s: true, shift: 0, amount: 0 };
    data_processing orr_reg OrrReg { s: false, shift: 0 };
    data_processing orr_reg OrrReg { s: false, shift: 1 };
    data_processing orr_reg OrrReg { s: false, shift: 2 };
    data_processing orr_reg OrrReg { s: false, shift: 3 };
    data_processing bic_imm BicImm { s: false };
    data_processing bic_imm BicImm { s: true, carry: 2 };
    data_processing bic_reg BicReg { s: false, shift: 0, amount: 0 };
    data_processing bic_reg BicReg { s: true, shift: 0, amount: 0 };
    data_processing bic_reg BicReg { s: false, shift: 0 };
    data_processing bic_reg BicReg { s: false, shift: 1 };
    data_processing bic_reg BicReg { s: false, shift: 2 };
    data_processing add_imm AddImm { s: false };
    data_processing add_imm AddImm { s: true };
    data_processing add_reg AddReg { s: false, shift: 0, amount: 0 };
    data_processing add_reg AddReg { s: true, shift: 0, amount: 0 };
    data_processing add_reg AddReg { s: false, shift: 0 };
    data_processing add_reg AddReg { s: false, shift: 1 };
    data_processing add_reg AddReg { s: false, shift: 2 };
    data_processing sub_imm SubImm { s: false };
    data_processing sub_imm SubImm { s: true };
    data_processing sub_reg SubReg { s: false, shift: 0, amount: 0 };
    data_processing sub_reg SubReg { s: true, shift: 0, amount: 0 };
    data_processing sub_reg SubReg { s: false, shift: 0 };
    data_processing sub_reg SubReg { s: false, shift: 1 };
    data_processing sub_reg SubReg { s: false, shift: 2 };
    data_processing rsb_imm RsbImm { s: false };
    data_processing rsb_imm RsbImm { s: true };
    data_processing rsb_reg RsbReg { s: false, shift: 0, amount: 0 };
    data_processing rsb_reg RsbReg { s: true, shift: 0, amount: 0 };
    data_processing rsb_reg RsbReg { s: false, shift: 0 };
    data_processing rsb_reg RsbReg { s: false, shift: 1 };
    data_processing rsb_reg RsbReg { s: false, shift: 2 };
    data_processing adc_imm AdcImm { s: false };
    data_processing adc_imm AdcImm { s: true };
    data_processing adc_reg AdcReg { s: false, shift: 0, amount: 0 };
    data_processing adc_reg AdcReg { s: true, shift: 0, amount: 0 };
    data_processing sbc_imm SbcImm { s: false };
    data_processing sbc_imm SbcImm { s: true };
    data_processing sbc_reg SbcReg { s: false, shift: 0, amount: 0 };
    data_processing sbc_reg SbcReg { s: true, shift: 0, amount: 0 };
    data_processing mov_imm MovImm { s: false };
    data_processing mov_imm MovImm { s: true, carry: 2 };
    data_processing mov_reg MovReg { s: false, shift: 0, amount: 0 };
    data_processing mov_reg MovReg { s: true, shift: 0, amount: 0 };
    data_processing mov_reg MovReg { s: false, shift: 0 };
    data_processing mov_reg MovReg { s: false, shift: 1 };
    data_processing mov_reg MovReg { s: false, shift: 2 };
    data_processing mov_reg MovReg { s: false, shift: 3 };
    data_processing mov_reg MovReg { s: true, shift: 0 };
    data_processing mov_reg MovReg { s: true, shift: 1 };
    data_processing mov_reg MovReg { s: true, shift: 2 };
    data_processing mvn_imm MvnImm { s: false };
    data_processing mvn_imm MvnImm { s: true, carry: 2 };
    data_processing mvn_reg MvnReg { s: false, shift: 0, amount: 0 };
    data_processing mvn_reg MvnReg { s: true, shift: 0, amount: 0 };
    data_processing mvn_reg MvnReg { s: false, shift: 0 };
    data_processing mvn_reg MvnReg { s: false, shift: 1 };
    data_processing mvn_reg MvnReg { s: false, shift: 2 };
    data_processing mvn_reg MvnReg { s: false, shift: 3 };
    data_processing mov_rsr MovRsr { s: false, shift: 0 };
    data_processing mov_rsr MovRsr { s: false, shift: 1 };
    data_processing mov_rsr MovRsr { s: false, shift: 2 };
    data_processing mov_rsr MovRsr { s: true, shift: 0 };
    data_processing mov_rsr MovRsr { s: true, shift: 1 };
    data_processing mov_rsr MovRsr { s: true, shift: 2 };
    data_processing add_rsr AddRsr { s: false, shift: 0 };
    data_processing add_rsr AddRsr { s: false, shift: 1 };
    data_processing sub_rsr SubRsr { s: false, shift: 0 };
    data_processing sub_rsr SubRsr { s: false, shift: 1 };
    data_processing orr_rsr OrrRsr { s: false, shift: 0 };
    data_processing orr_rsr OrrRsr { s: false, shift: 1 };
    data_processing and_rsr AndRsr { s: false, shift: 0 };
    data_processing and_rsr AndRsr { s: false, shift: 1 };
    data_processing eor_rsr EorRsr { s: false, shift: 0 };
    data_processing eor_rsr EorRsr { s: false, shift: 1 };
    data_processing cmp_reg CmpReg { shift: 0, amount: 0 };
    data_processing cmp_reg CmpReg { shift: 0 };
    data_processing cmp_reg CmpReg { shift: 1 };
    data_processing cmp_reg CmpReg { shift: 2 };
    data_processing cmn_reg CmnReg { shift: 0, amount: 0 };
    data_processing tst_imm TstImm { carry: 2 };
    data_processing tst_reg TstReg { shift: 0, amount: 0 };
    data_processing tst_reg TstReg { shift: 0 };
    data_processing tst_reg TstReg { shift: 1 };
    data_processing tst_reg TstReg { shift: 2 };
    data_processing teq_imm TeqImm { carry: 2 };
    data_processing teq_reg TeqReg { shift: 0, amount: 0 };
    multiply mul Mul { s: false };
    multiply mla Mla { s: false };
    multiply umull Umull { s: false };
    multiply umlal Umlal { s: false };
    multiply smull Smull { s: false };
    multiply smlal Smlal { s: false };
    media sxtb Sxtb { rotation: 0 };
    media sxth Sxth { rotation: 0 };
    media uxtb Uxtb { rotation: 0 };
    media uxth Uxth { rotation: 0 };
    media uxtab Uxtab { rotation: 0 };
    media uxtah Uxtah { rotation: 0 };
    // Loads and stores: offset, pre-indexed, post-indexed; register offset without and with a shift to the left.
    load_store ldr_imm LdrImm { index: true, wback: false };
    load_store ldr_imm LdrImm { index: true, wback: true };
    load_store ldr_imm LdrImm { index: false, wback: true };
    load_store ldr_reg LdrReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store ldr_reg LdrReg { index: true, wback: false, add: true, shift: 0 };
    load_store ldrb_imm LdrbImm { index: true, wback: false };
    load_store ldrb_imm LdrbImm { index: true, wback: true };
    load_store ldrb_imm LdrbImm { index: false, wback: true };
    load_store ldrb_reg LdrbReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store ldrb_reg LdrbReg { index: true, wback: false, add: true, shift: 0 };
    load_store ldrh_imm LdrhImm { index: true, wback: false };
    load_store ldrh_imm LdrhImm { index: true, wback: true };
    load_store ldrh_imm LdrhImm { index: false, wback: true };
    load_store ldrh_reg LdrhReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store ldrh_reg LdrhReg { index: true, wback: false, add: true, shift: 0 };
    load_store ldrsb_imm LdrsbImm { index: true, wback: false };
    load_store ldrsb_imm LdrsbImm { index: true, wback: true };
    load_store ldrsb_imm LdrsbImm { index: false, wback: true };
    load_store ldrsb_reg LdrsbReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store ldrsb_reg LdrsbReg { index: true, wback: false, add: true, shift: 0 };
    load_store ldrsh_imm LdrshImm { index: true, wback: false };
    load_store ldrsh_imm LdrshImm { index: true, wback: true };
    load_store ldrsh_imm LdrshImm { index: false, wback: true };
    load_store ldrsh_reg LdrshReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store ldrsh_reg LdrshReg { index: true, wback: false, add: true, shift: 0 };
    load_store str_imm StrImm { index: true, wback: false };
    load_store str_imm StrImm { index: true, wback: true };
    load_store str_imm StrImm { index: false, wback: true };
    load_store str_reg StrReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store str_reg StrReg { index: true, wback: false, add: true, shift: 0 };
    load_store strb_imm StrbImm { index: true, wback: false };
    load_store strb_imm StrbImm { index: true, wback: true };
    load_store strb_imm StrbImm { index: false, wback: true };
    load_store strb_reg StrbReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store strb_reg StrbReg { index: true, wback: false, add: true, shift: 0 };
    load_store strh_imm StrhImm { index: true, wback: false };
    load_store strh_imm StrhImm { index: true, wback: true };
    load_store strh_imm StrhImm { index: false, wback: true };
    load_store strh_reg StrhReg { index: true, wback: false, add: true, shift: 0, amount: 0 };
    load_store strh_reg StrhReg { index: true, wback: false, add: true, shift: 0 };
    load_store ldrd_imm LdrdImm { index: true, wback: false };
    load_store ldrd_imm LdrdImm { index: true, wback: true };
    load_store ldrd_imm LdrdImm { index: false, wback: true };
    load_store strd_imm StrdImm { index: true, wback: false };
    load_store strd_imm StrdImm { index: true, wback: true };
    load_store strd_imm StrdImm { index: false, wback: true };
    // PUSH, POP and their like.
    load_store_multiple ldm Ldm { before: false, add: true, wback: true };
    load_store_multiple ldm Ldm { before: false, add: true, wback: false };
    load_store_multiple stm Stm { before: true, add: false, wback: true };
    load_store_multiple stm Stm { before: false, add: true, wback: true };
    load_store_multiple stm Stm { before: false, add: true, wback: false };
    // Floating point: single and double precision.
    vfp vmla_vfp VmlaVfp { size: 2 };
    vfp vmla_vfp VmlaVfp { size: 3 };
    vfp vmls_vfp VmlsVfp { size: 2 };
    vfp vmls_vfp VmlsVfp { size: 3 };
    vfp vnmls Vnmls { size: 2 };
    vfp vnmls Vnmls { size: 3 };
    vfp vnmla Vnmla { size: 2 };
    vfp vnmla Vnmla { size: 3 };
    vfp vfma_vfp VfmaVfp { size: 2 };
    vfp vfma_vfp VfmaVfp { size: 3 };
    vfp vfms_vfp VfmsVfp { size: 2 };
    vfp vfms_vfp VfmsVfp { size: 3 };
    vfp vadd_vfp VaddVfp { size: 2 };
    vfp vadd_vfp VaddVfp { size: 3 };
    vfp vsub_vfp VsubVfp { size: 2 };
    vfp vsub_vfp VsubVfp { size: 3 };
    vfp vmul_vfp VmulVfp { size: 2 };
    vfp vmul_vfp VmulVfp { size: 3 };
    vfp vnmul Vnmul { size: 2 };
    vfp vnmul Vnmul { size: 3 };
    vfp vdiv Vdiv { size: 2 };
    vfp vdiv Vdiv { size: 3 };
    vfp vmov_reg_vfp VmovRegVfp { size: 2 };
    vfp vmov_reg_vfp VmovRegVfp { size: 3 };
    vfp vabs_vfp VabsVfp { size: 2 };
    vfp vabs_vfp VabsVfp { size: 3 };
    vfp vneg_vfp VnegVfp { size: 2 };
    vfp vneg_vfp VnegVfp { size: 3 };
    vfp vsqrt Vsqrt { size: 2 };
    vfp vsqrt Vsqrt { size: 3 };
    vfp vmov_imm_vfp VmovImmVfp { size: 2 };
    vfp vmov_imm_vfp VmovImmVfp { size: 3 };
    vfp vcmp Vcmp { size: 2 };
    vfp vcmp Vcmp { size: 3 };
    vfp vcmp_zero VcmpZero { size: 2 };
    vfp vcmp_zero VcmpZero { size: 3 };
    vfp vcvt_from_int_vfp VcvtFromIntVfp { size: 2, signed: true };
    vfp vcvt_to_int_vfp VcvtToIntVfp { size: 2, signed: true, zero: true };
    vfp vcvt_from_int_vfp VcvtFromIntVfp { size: 2, signed: false };
    vfp vcvt_to_int_vfp VcvtToIntVfp { size: 2, signed: false, zero: true };
    vfp vcvt_from_int_vfp VcvtFromIntVfp { size: 3, signed: true };
    vfp vcvt_to_int_vfp VcvtToIntVfp { size: 3, signed: true, zero: true };
    vfp vcvt_from_int_vfp VcvtFromIntVfp { size: 3, signed: false };
    vfp vcvt_to_int_vfp VcvtToIntVfp { size: 3, signed: false, zero: true };
    vfp_load_store vldr Vldr { size: 2 };
    vfp_load_store vldr Vldr { size: 3 };
    vfp_load_store vstr Vstr { size: 2 };
    vfp_load_store vstr Vstr { size: 3 };
}
