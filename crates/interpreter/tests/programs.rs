//! The benchmark programs give the right results, in blocks and step by step.

#[path = "../benches/programs/mod.rs"]
mod programs;

use armlet_interpreter::a64::BlockCache;
use programs::Program;

#[test]
fn blocks_and_steps_give_the_right_results() {
    for mut program in Program::all() {
        let start = program.start();
        let (result, count) = program.count(start);
        assert_eq!(result, program.result, "{}, {count} steps", program.name);
        let mut cache = BlockCache::new();
        for round in 0..2 {
            let start = program.start();
            assert_eq!(
                program.run(start, &mut cache),
                program.result,
                "{}, round {round}",
                program.name
            );
        }
    }
}
