//! Killed by the system at any moment, in another program.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use annals::Annals;

use super::{
    settle,
    shop::{Checkout, Place},
    stop,
};
use crate::stores::block_on;

const FOLDER: &str = "ANNALS_TEST_PROCESS_FOLDER";
const FIRST: &str = "ANNALS_TEST_PROCESS_FIRST";
const ROUNDS: u64 = 6;
/// More orders than one round can place.
const ROUND: u64 = 1_000_000;

/// What the other program does: places orders without end, and says so each time. Without a
/// folder this is no other program.
#[test]
fn other_program() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let first: u64 = env::var(FIRST).unwrap().parse().unwrap();
    let app = block_on(Annals::builder().process::<Checkout>().open(&folder)).unwrap();
    for order in first.. {
        block_on(app.execute(Place { order, cents: 50 })).unwrap();
        println!("\nplaced {order}");
    }
}

/// Runs the other program and kills it soon after so many orders were placed.
fn run_and_kill(folder: &str, first: u64, orders: u64) {
    let mut other = Command::new(env::current_exe().unwrap())
        .args(["--exact", "process::kill::other_program", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let placed = lines.filter(|line| line.as_ref().unwrap().starts_with("placed "));
    assert_eq!(placed.take(orders as usize).count() as u64, orders);
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn killed_by_the_system_everything_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for round in 0..ROUNDS {
        // On a busy machine it places many more before it is gone, so each round has numbers of
        // its own.
        run_and_kill(folder, round * ROUND, 3 + round * 7 % 10);
    }
    let app = block_on(Annals::builder().process::<Checkout>().open(folder)).unwrap();
    settle(&app);
    let world = super::World::open(app.backend());
    let (orders, payments) = (world.tally("order"), world.tally("payment"));
    let instances = world.tally("process_checkout");
    let count = orders.keys().filter(|what| what.ends_with("shop.placed")).count();
    assert!(count as u64 >= ROUNDS * 3, "{orders:?}");
    assert_eq!((orders.len(), payments.len(), instances.len()), (2 * count, count, 4 * count));
    let all = [orders, payments, instances];
    assert!(all.iter().flatten().all(|(_, count)| *count == 1), "{all:#?}");
    stop(&app);
}
