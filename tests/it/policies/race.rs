//! Everybody works while the rules change, on one server and on two. By position and never by the
//! clock: every entry is decided by the set that the entries before it put into force.

use std::sync::atomic::{AtomicBool, Ordering};

use baton_domain::access::{PolicySet, PolicyText};
use baton_wire::v1::{self, Role};
use futures::future::join_all;

use super::{asked, hash, is_decided_by, without_send};
use crate::harness::*;
use crate::nodes::DAWDLE;

/// Readers at each door.
const READERS: usize = 6;

/// Reads until it is told to stop; how often SEND was among what was shown.
async fn read(who: &Caller, name: &str, stop: &AtomicBool) -> (usize, usize) {
    let (mut with, mut without) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let content = who.get(name).await.unwrap().content.unwrap();
        if content.send.is_some() {
            with += 1;
        } else {
            without += 1;
        }
    }
    (with, without)
}

/// The officer at each door in turn: less, all, less again.
async fn switch(officers: &[Caller], stop: &AtomicBool) -> Vec<(i64, String)> {
    let (shipped, strict) = (PolicyText::shipped().canonical(), without_send());
    let mut switches = Vec::new();
    let mut expected = hash(&shipped);
    for (at, text) in [&strict, &shipped, &strict].into_iter().enumerate() {
        let officer = &officers[at % officers.len()];
        let done = officer
            .replace(asked(officer, text, &expected))
            .await
            .unwrap();
        expected = done.hash.clone();
        switches.push((done.receipt.unwrap().position, done.hash));
    }
    stop.store(true, Ordering::Relaxed);
    switches
}

async fn race(exchange: &Exchange, doors: &[&Door]) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let content = submission(&of, typical(1, of.point));
    let name = sender.publish(content).await.unwrap().name;
    let mut readers = Vec::new();
    for at in 0..READERS * doors.len() {
        let reader = exchange.person(&of.to, &[Role::Senco]).await;
        readers.push(reader.at(doors[at % doors.len()]));
    }
    let officers: Vec<Caller> = doors.iter().map(|door| exchange.officer.at(door)).collect();
    let stop = AtomicBool::new(false);
    let reading = join_all(readers.iter().map(|reader| read(reader, &name, &stop)));
    let (switches, read) = futures::join!(switch(&officers, &stop), reading);
    let all = read
        .iter()
        .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    assert!(all.0 > 0 && all.1 > 0, "both sets were met: {all:?}");

    let load = |text: &str| PolicySet::parse(PolicyText::from_canonical(text).unwrap()).unwrap();
    let sets = [
        load(&PolicyText::shipped().canonical()),
        load(&without_send()),
    ];
    let mut in_force = sets[0].hash().to_owned();
    let (mut shown, entries) = ((0, 0), exchange.lines(0).await);
    for (position, entry) in (0_i64..).zip(&entries) {
        let set = sets.iter().find(|set| set.hash() == in_force).unwrap();
        is_decided_by(entry, set);
        if entry.said() == ("fetched", "done") {
            let bit = 1 << v1::SectionKind::Send as i64;
            let kinds = entry.get("detail/kinds").unwrap().to_bytes();
            let kinds: i64 = String::from_utf8(kinds).unwrap().parse().unwrap();
            if kinds & bit == 0 {
                shown.1 += 1;
            } else {
                shown.0 += 1;
            }
        }
        if let Some((_, next)) = switches.iter().find(|(at, _)| *at == position) {
            assert_eq!(entry.said(), ("policy_replaced", "done"));
            in_force.clone_from(next);
        }
    }
    assert_eq!(shown, all, "what was answered is what was entered");
}

on_both_engines! {
    async fn every_entry_is_decided_by_the_set_of_its_position(exchange) {
        race(exchange, &[&exchange.door]).await;
    }
}

#[test]
fn on_two_servers_every_entry_is_decided_by_the_set_of_its_position() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        exchange.home.tamper(DAWDLE).await;
        race(&exchange, &[&exchange.door, &other]).await;
        second.stop().await;
        exchange.end().await;
    });
}
