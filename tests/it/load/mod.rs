//! Keys and backups while everybody works: epochs are rotated past what is kept, the master key is
//! changed, backups are taken, on PostgreSQL by two nodes. No call fails, nothing that was answered
//! is lost, and the last backup is a ledger again.

mod operator;
mod standing;
mod tally;
mod work;

use std::sync::Arc;
use std::time::Duration;

use baton_wire::v1::Role;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::operator::{Done, back_up_on, put_back, rotate_on};
use self::standing::{Phase, SHARES, SIDES, Standing};
use self::work::{Kept, audit_on, documents_on, first_documents, read_document};
use self::work::{receive_on, send_on};
use crate::chance::{self, Dice};
use crate::harness::*;

/// How much there is of everything.
struct Size {
    contributions: usize,
    /// Of each sending setting.
    senders: usize,
    /// Profiles with documents.
    documented: usize,
    lasts: Duration,
}

impl Size {
    fn short() -> Self {
        Self {
            contributions: 24,
            senders: 2,
            documented: 2,
            lasts: Duration::ZERO,
        }
    }

    fn long() -> Self {
        Self {
            contributions: 2_000,
            senders: 4,
            documented: 20,
            lasts: chance::time().unwrap(),
        }
    }
}

/// Everybody who works, and the profiles that have documents.
struct Cast {
    senders: [Vec<Caller>; SIDES],
    documented: (Caller, Caller, Vec<String>),
    kept: Vec<Kept>,
}

async fn assemble(exchange: &Exchange, standing: &Standing, size: &Size) -> Cast {
    let mut senders = [Vec::new(), Vec::new()];
    for (of, senders) in [&exchange.primary, &exchange.elsewhere]
        .iter()
        .zip(&mut senders)
    {
        for _ in 0..size.senders {
            senders.push(exchange.person(of, &[Role::Publisher]).await);
        }
    }
    standing.first_versions(&senders).await;
    let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
    let reader = exchange.person(&exchange.secondary, &[Role::Senco]).await;
    let mut profiles = Vec::new();
    for seed in 0..size.documented {
        let of = exchange.open_move().await;
        let content = submission(&of, typical(seed as u64, of.point));
        profiles.push(sender.publish(content).await.unwrap().name);
    }
    let mut dice = Dice::of(chance::seed(), 0);
    let kept = first_documents(standing, (&sender, &profiles), &mut dice).await;
    Cast {
        senders,
        documented: (sender, reader, profiles),
        kept,
    }
}

/// Sets everybody to work; half of them at each door.
async fn set_to_work(
    exchange: &Exchange,
    (standing, cast): (&Arc<Standing>, Cast),
    doors: [&Door; 2],
) -> (JoinSet<Vec<Kept>>, JoinSet<()>) {
    let (mut busy, mut receiving) = (JoinSet::new(), JoinSet::new());
    for (from, senders) in cast.senders.into_iter().enumerate() {
        for (number, sender) in senders.into_iter().enumerate() {
            let sending = send_on(Arc::clone(standing), from, sender.at(doors[number % 2]));
            busy.spawn(async {
                sending.await;
                Vec::new()
            });
        }
    }
    let mut chance = (1..).map(|round| Dice::of(chance::seed(), round));
    for to in [&exchange.secondary, &exchange.academy] {
        for share in 0..SHARES {
            let receiver = exchange
                .person(to, &[Role::Senco])
                .await
                .at(doors[share % 2]);
            let with = (receiver, chance.next().unwrap());
            receiving.spawn(receive_on(Arc::clone(standing), share, with));
        }
    }
    for door in doors {
        let auditor = exchange.officer.at(door);
        let auditing = audit_on(Arc::clone(standing), auditor, chance.next().unwrap());
        busy.spawn(async {
            auditing.await;
            Vec::new()
        });
    }
    let (sender, reader, profiles) = cast.documented;
    let people = (sender.at(doors[1]), reader.at(doors[0]), profiles);
    let with = (cast.kept, chance.next().unwrap());
    busy.spawn(documents_on(Arc::clone(standing), people, with));
    (busy, receiving)
}

/// No key of a destroyed epoch is left, nor anything wrapped under one.
async fn is_destroyed(exchange: &Exchange, done: &Done) -> i64 {
    let epochs = exchange.running().ledger().epochs().await.unwrap();
    let oldest = epochs[0].id;
    let newest = i64::try_from(done.epochs).unwrap() + 1;
    let ids: Vec<i64> = epochs.iter().map(|epoch| epoch.id).collect();
    assert_eq!(
        ids,
        [newest - 2, newest - 1, newest],
        "two are kept beside the one in force"
    );
    for table in ["setting_key", "content", "learner"] {
        let old = format!("SELECT count(*) FROM {table} WHERE epoch < {oldest}");
        assert_eq!(
            exchange.home.count(&old).await,
            0,
            "{table} has keys of destroyed epochs"
        );
    }
    oldest - 1
}

async fn law(mut exchange: Exchange, size: Size) {
    let (seed, postgres) = (chance::seed(), exchange.home.is_postgres());
    let engine = if postgres { "PostgreSQL" } else { "SQLite" };
    let standing = Arc::new(Standing::planned(&exchange, size.contributions).await);
    let cast = assemble(&exchange, &standing, &size).await;
    let second = if postgres {
        Some(exchange.second().await)
    } else {
        None
    };
    let here = exchange.door.clone();
    let there = second.as_ref().map_or(&here, |(_, door)| door);
    let reader = cast.documented.1.clone();
    let (busy, receiving) = set_to_work(&exchange, (&standing, cast), [&here, there]).await;

    let officers = [exchange.officer.clone(), exchange.officer.at(there)];
    let (told, epochs) = watch::channel(0);
    let with = (size.lasts, Dice::of(seed, 1_000));
    let (done, (backups, last)) = tokio::join!(
        rotate_on(&exchange, (&standing, &officers), with, told),
        back_up_on((&standing, &officers), epochs),
    );
    standing.phase.send_replace(Phase::Ending);
    let kept: Vec<Kept> = busy.join_all().await.into_iter().flatten().collect();
    standing.phase.send_replace(Phase::Sent);
    receiving.join_all().await;
    let (calls, latencies) = (standing.tally.calls(), standing.tally.latencies());
    let failed = standing.tally.failed();
    println!("{engine}: {calls} calls, {failed} failed;{latencies}");
    standing.tally.is_clean(seed);

    let (sent, taken) = standing.all_was_taken().await;
    let destroyed = is_destroyed(&exchange, &done).await;
    for one in &kept {
        read_document(&standing, &reader, one).await;
    }
    let (answered, read) = standing.stands(&exchange, i64::MAX).await;
    exchange.is_verified().await;
    standing.tally.is_clean(seed);

    let last = last.expect("a backup was made");
    if let Some((second, _)) = second {
        second.stop().await;
    }
    let restored = put_back(&mut exchange, &last).await;
    let entries = last.content.as_ref().unwrap().tree_size;
    assert_eq!(i64::try_from(restored.from.size).unwrap(), entries);
    assert_eq!(restored.from.closed, 0, "every key in it opens");
    let (again, _) = standing.stands(&exchange, entries).await;
    exchange.is_verified().await;
    standing.tally.is_clean(seed);
    println!(
        "figures: {engine}: contributions={read} sent={sent} taken_over={taken} calls={calls} \
         failed=0 epochs={} destroyed={destroyed} masters={} backups={backups} \
         answered={answered} lost=0 restored={entries} of_it_answered={again}{latencies}",
        done.epochs, done.masters,
    );
    exchange.end().await;
}

#[test]
fn nobody_notices_rotations_and_backups_on_sqlite() {
    run(async || law(Exchange::new(Home::sqlite()).await, Size::short()).await);
}

#[test]
fn nobody_notices_rotations_and_backups_on_two_nodes_of_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            law(Exchange::new(home).await, Size::short()).await;
        }
    });
}

#[test]
fn campaign_load_fails_no_call_on_sqlite() {
    if crate::campaign::wanted() {
        run(async || law(Exchange::new(Home::sqlite()).await, Size::long()).await);
    }
}

#[test]
fn campaign_load_fails_no_call_on_two_nodes_of_postgres() {
    if crate::campaign::wanted() {
        run(async || {
            if let Some(home) = Home::postgres().await {
                law(Exchange::new(home).await, Size::long()).await;
            }
        });
    }
}
