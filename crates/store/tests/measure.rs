#![cfg(test)]
#![allow(dead_code, unused)]
#[path = "conformance/engine.rs"]
mod engine;
#[path = "conformance/values.rs"]
mod values;
#[path = "conformance/world.rs"]
mod world;
use baton_domain::{access::Role, act::*, section::SectionKind};
use futures::stream::{self, StreamExt as _};
use std::time::Instant;

async fn go(home: &engine::Home, name: &str) {
    let world = world::World::new(home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let sub = world.subscription(&receiver).await;
    let n = 4000u32;
    let t = Instant::now();
    let moves: Vec<_> = stream::iter(0..n)
        .map(|i| world.open_move(i))
        .buffered(256)
        .collect()
        .await;
    println!(
        "{name} plan {:.0}/s",
        f64::from(n) / t.elapsed().as_secs_f64()
    );
    let kinds: Vec<_> = values::publishable(false).into_iter().take(8).collect();
    let body = "x".repeat(1000);
    for flight in [1usize, 16, 256] {
        let count = if flight == 1 { 300 } else { n as usize };
        let t = Instant::now();
        let mut waits: Vec<f64> = stream::iter(moves.iter().take(count).enumerate())
            .map(|(i, m)| {
                let p = world.publish(m, &kinds, &format!("{flight} {i} {body}"));
                let (w, s) = (&world, &sender);
                async move {
                    let t = Instant::now();
                    w.ledger.act(s, p).await.unwrap();
                    t.elapsed().as_secs_f64()
                }
            })
            .buffer_unordered(flight)
            .collect()
            .await;
        let el = t.elapsed().as_secs_f64();
        waits.sort_by(f64::total_cmp);
        println!(
            "{name} publish flight {flight}: {:.0}/s p50 {:.2} ms p99 {:.2} ms",
            count as f64 / el,
            waits[count / 2] * 1e3,
            waits[count * 99 / 100] * 1e3
        );
    }
    let t = Instant::now();
    let mut from = 0;
    let mut items = 0;
    loop {
        let p = world
            .ledger
            .act(
                &receiver,
                Pull {
                    subscription: sub.clone(),
                    from,
                    limit: 64,
                    inline: true,
                },
            )
            .await
            .unwrap()
            .value;
        if p.items.is_empty() {
            break;
        }
        items += p.items.len();
        from = p.next;
    }
    println!(
        "{name} inline pull {:.0} items/s",
        items as f64 / t.elapsed().as_secs_f64()
    );
    let t = Instant::now();
    for _ in 0..500 {
        world.pull(&receiver, &sub, from).await.unwrap();
    }
    println!(
        "{name} empty pull {:.3} ms",
        t.elapsed().as_secs_f64() * 2.0
    );
    let t = Instant::now();
    for i in 0..300 {
        world
            .ledger
            .act(
                &world.officer,
                ShowTransition {
                    transition: moves[i].clone(),
                },
            )
            .await
            .unwrap();
    }
    println!(
        "{name} single show {:.3} ms",
        t.elapsed().as_secs_f64() / 300.0 * 1e3
    );
    world.ledger.close().await;
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    go(&engine::Home::sqlite(), "sqlite").await;
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    if let Some(h) = engine::Home::postgres().await {
        go(&h, "postgres").await;
        h.forget().await
    }
}
