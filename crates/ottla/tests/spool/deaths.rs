//! Processes that die at any moment.

use super::*;

/// A process that dies: its runtime is gone from one moment to the next, sockets and all.
fn dies_after(bootstrap: &str, dir: &Path, seed: u64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let taken = runtime.block_on(async {
        let spool = start(bootstrap, dir, SpoolOptions::default());
        let (mut taken, end) = (Vec::new(), 5 + next(60));
        for n in 0..end {
            let value = format!("{seed}-{n}");
            spool
                .send(Record::to("t").value(value.clone()))
                .await
                .expect("there is room");
            taken.push(value);
        }
        let delivered = next(end);
        let mut status = spool.status();
        while status.delivered < delivered {
            tokio::task::yield_now().await;
            status = spool.status();
        }
        taken
    });
    runtime.shutdown_background();
    taken
}

#[test]
fn whatever_dies_when_each_record_arrives_once_and_in_order() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cluster = runtime.block_on(one_partition());
    let (dir, mut expected) = (Dir::new(), Vec::new());
    for seed in 0..20 {
        wait_for_owner(&dir.0);
        expected.extend(dies_after(&cluster.bootstrap(), &dir.0, seed));
    }
    wait_for_owner(&dir.0);
    let there = runtime.block_on(async {
        deliver(start(&cluster.bootstrap(), &dir.0, SpoolOptions::default())).await;
        values(&cluster).await
    });
    assert_eq!(there, expected);
}

/// Waits until nobody owns the directory: the threads of a dead runtime end a moment later.
fn wait_for_owner(dir: &Path) {
    let Ok(lock) = fs::File::open(dir.join("lock")) else {
        return;
    };
    lock.lock().expect("it is free at last");
}
