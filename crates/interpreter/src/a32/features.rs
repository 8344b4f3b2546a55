//! Which model has which instructions.

use armlet_cpu::a32_features::Model;
use armlet_decoder::a32::Feature;

/// Whether a CPU has the instructions of a feature.
pub fn has(model: Model, feature: Feature) -> bool {
    model >= first(feature)
}

/// The first model that has it.
fn first(feature: Feature) -> Model {
    match feature {
        Feature::V4T | Feature::V5T | Feature::V5TE | Feature::Vfp2 => Model::Arm926,
        Feature::V6 | Feature::V6K | Feature::V6T2 | Feature::V7 | Feature::Vfp3 | Feature::VfpHalf | Feature::Neon => {
            Model::CortexA9
        }
        Feature::Div
        | Feature::Timer
        | Feature::V8
        | Feature::Crc32
        | Feature::Vfp4
        | Feature::Fp8
        | Feature::Neon4
        | Feature::Neon8
        | Feature::Aes
        | Feature::Sha1
        | Feature::Sha256
        | Feature::Rdm
        | Feature::DotProd
        | Feature::Jscvt => Model::Max,
    }
}
