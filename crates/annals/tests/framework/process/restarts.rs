//! Killed between any two steps, a process manager goes on as if nothing had happened.

use std::{collections::BTreeMap, sync::Arc};

use crate::stores::block_on;
use annals::{Annals, StateKind};

use super::{
    World,
    mortal::{Last, Mortal},
    settle,
    shop::{SLOW, TOO_MUCH},
    stop,
};

/// One order that is paid, one that is refused, one that is never answered.
fn place_orders(world: &World) {
    world.place(1, 50);
    world.place(2, TOO_MUCH);
    world.place(3, SLOW);
}

/// Everything that happened.
fn tallies(world: &World) -> BTreeMap<String, usize> {
    ["order", "payment", "process_checkout"]
        .into_iter()
        .flat_map(|category| world.tally(category))
        .collect()
}

fn undisturbed() -> BTreeMap<String, usize> {
    let world = World::memory();
    place_orders(&world);
    let app = world.app();
    settle(&app);
    world.lose_patience();
    settle(&app);
    stop(&app);
    let tallies = tallies(&world);
    assert!(tallies.values().all(|count| *count == 1), "{tallies:#?}");
    assert_eq!([1, 2, 3].map(|order| world.state(order)), ["shipped", "cancelled", "cancelled"]);
    tallies
}

/// Lets an application run to the end of the story, or until its store dies: says which.
fn tell_until_death(world: &World, writes: usize, last: Last) -> bool {
    let mortal = Mortal::new(Arc::clone(&world.backend), writes, last);
    let app: Annals = world.app_on(Arc::clone(&mortal) as _);
    let settle = || block_on(app.processes().settled());
    let told = settle().and_then(|()| {
        world.lose_patience();
        settle()
    });
    stop(&app);
    assert!(told.is_ok() || mortal.is_dead(), "{told:?}");
    mortal.is_dead()
}

fn killed_at_every_write(make: fn() -> World, last: Last) {
    let expected = undisturbed();
    for writes in 1.. {
        assert!(writes < 100, "it never came to its end");
        let world = make();
        place_orders(&world);
        let died = tell_until_death(&world, writes, last);
        // What the dead held is free after its time, for which nobody has to wait here.
        world.forget(StateKind::Lease);
        let app = world.app();
        settle(&app);
        world.lose_patience();
        settle(&app);
        stop(&app);
        assert_eq!(tallies(&world), expected, "killed at write {writes}");
        if !died {
            break;
        }
    }
}

#[test]
fn killed_after_every_write_nothing_is_lost_or_done_twice() {
    killed_at_every_write(World::memory, Last::Done);
}

#[test]
fn killed_before_every_write_nothing_is_lost_or_done_twice() {
    killed_at_every_write(World::memory, Last::NotDone);
}

#[test]
fn killed_after_every_write_on_disk_nothing_is_lost_or_done_twice() {
    killed_at_every_write(World::durable, Last::Done);
}

#[test]
fn two_at_once_do_everything_once() {
    let expected = undisturbed();
    for _ in 0..20 {
        let world = World::memory();
        place_orders(&world);
        // Different handles to one store know nothing of each other.
        let apps = [Last::Done, Last::Done]
            .map(|last| world.app_on(Mortal::new(Arc::clone(&world.backend), usize::MAX, last)));
        apps.iter().for_each(settle);
        world.lose_patience();
        apps.iter().for_each(settle);
        apps.iter().for_each(stop);
        assert_eq!(tallies(&world), expected);
    }
}

#[test]
fn inputs_that_come_again_are_not_taken_again() {
    let expected = undisturbed();
    let world = World::memory();
    place_orders(&world);
    let app = world.app();
    settle(&app);
    world.lose_patience();
    settle(&app);
    stop(&app);
    // The checkpoint and the saved ledger are lost.
    StateKind::ALL.into_iter().for_each(|kind| world.forget(kind));
    let app = world.app();
    settle(&app);
    stop(&app);
    assert_eq!(tallies(&world), expected);
}
