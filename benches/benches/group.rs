//! Grouping under criterion: one visit (partition and totals, with ids, from JSON) and a batch of columns.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use menjie::bill::{GroupRequest, Plan, Row, group_batch, partition};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_benches::lines::{Table, request, request_json};

const SEED: u64 = 20_260_310;

fn one_visit(c: &mut Criterion) {
    for size in [5usize, 30, 200] {
        let json = request_json(size, SEED);
        let Ok(request) = request(size, SEED) else { continue };
        let (Ok(plan), Some(visit)) = (Plan::new(&request.grouping), request.visits.first()) else { continue };
        let rows: Vec<Row<'_>> = request.lines.iter().map(|line| Row { line, visit }).collect();
        let mut group = c.benchmark_group(format!("group/{size}"));
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function("partition_totals", |b| b.iter(|| partition(rows.as_slice(), &plan, Totalling::SumOfLines)));
        group.bench_function("bills_with_ids", |b| b.iter_batched(|| request.clone(), GroupRequest::run, BatchSize::SmallInput));
        group.bench_function("from_json", |b| b.iter(|| serde_json::from_str::<GroupRequest>(&json).map(|r| r.run())));
        group.finish();
    }
}

fn batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("group/1M");
    group.sample_size(10).throughput(Throughput::Elements(1_000_000));
    for (name, shuffled) in [("sorted", false), ("shuffled", true)] {
        let table = Table::new(1_000_000, SEED, shuffled);
        let texts = table.texts();
        let columns = texts.columns();
        group.bench_function(name, |b| b.iter_batched(|| (), |()| group_batch(&&columns, &Grouping::default(), Totalling::SumOfLines), BatchSize::PerIteration));
    }
    group.finish();
}

criterion_group!(benches, one_visit, batch);
criterion_main!(benches);
