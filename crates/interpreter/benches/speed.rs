//! Guest instructions per second of the interpreter: `cargo bench -p armlet-interpreter`.

mod programs;

use armlet_interpreter::a64::BlockCache;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use programs::Program;

fn speed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("interpreter");
    for mut program in Program::all() {
        let start = program.start();
        let (result, count) = program.count(start);
        assert_eq!(result, program.result);
        group.throughput(Throughput::Elements(count));
        let mut cache = BlockCache::new();
        group.bench_function(program.name, |bencher| {
            let program = std::cell::RefCell::new(&mut program);
            bencher.iter_batched(
                || program.borrow_mut().start(),
                |cpu| program.borrow().run(cpu, &mut cache),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
