//! SM4-GCM with a key at hand and 40 bytes of associated data, back end by back end, beside RustCrypto's; and what a key
//! costs. `cargo bench -p menjie-sm4`
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use criterion::{BenchmarkId, Criterion, Throughput};
use menjie_sm4::{Backend, Sm4Gcm};

type RustCrypto = aes_gcm::AesGcm<sm4::Sm4, U12>;

const SIZES: [usize; 9] = [16, 64, 200, 256, 512, 1024, 4096, 65_536, 1_048_576];
const KEY: [u8; 16] = [7; 16];
const NONCE: [u8; 12] = [9; 12];
const AAD: [u8; 40] = [3; 40];

fn messages(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("seal/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let mut buffer = vec![0x5a; size];
        for backend in Backend::ALL.into_iter().filter(|backend| backend.is_available()) {
            let key = Sm4Gcm::with_backend(&KEY, backend).unwrap();
            group.bench_function(BenchmarkId::from_parameter(format!("{backend:?}")), |b| b.iter(|| key.seal_detached(&NONCE, &AAD, &mut buffer).unwrap()));
        }
        let key = RustCrypto::new(&KEY.into());
        group.bench_function("RustCrypto", |b| b.iter(|| key.encrypt_inout_detached(&NONCE.into(), &AAD, buffer.as_mut_slice().into()).unwrap()));
        group.finish();
        let mut group = criterion.benchmark_group(format!("open/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let key = Sm4Gcm::new(&KEY);
        let mut sealed = vec![0x5a; size];
        let tag = key.seal_detached(&NONCE, &AAD, &mut sealed).unwrap();
        group.bench_function("best (with a copy)", |b| {
            b.iter(|| {
                buffer.copy_from_slice(&sealed);
                key.open_detached(&NONCE, &AAD, &mut buffer, &tag).unwrap();
            });
        });
        group.finish();
    }
}

fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key");
    for backend in Backend::ALL.into_iter().filter(|backend| backend.is_available()) {
        group.bench_function(BenchmarkId::from_parameter(format!("{backend:?}")), |b| b.iter(|| Sm4Gcm::with_backend(&KEY, backend).unwrap()));
    }
    group.bench_function("RustCrypto", |b| b.iter(|| RustCrypto::new(&KEY.into())));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600)).sample_size(30).configure_from_args();
    messages(&mut criterion);
    keys(&mut criterion);
    criterion.final_summary();
}
