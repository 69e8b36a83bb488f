//! Commits nobody knows the end of: what is told is true, and the request id tells the rest.

use std::process::Command;

use baton_domain::access::Role;
use baton_domain::act::{Caller, ShowTransition, Subscribe};
use baton_store::{Done, Ledger, Refusal, Subscribed};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::engine::Home;
use crate::severed::{Cut, Wire};
use crate::values::{publishable, request};
use crate::world::World;

/// Set in the process whose files cannot grow far.
const SHORT_FILES: &str = "BATON_TEST_SHORT_FILES";

async fn subscribe(on: &Ledger, by: &Caller, name: &str) -> Result<Done<Subscribed>, Refusal> {
    let act = Subscribe {
        name: name.to_owned(),
        point: None,
        academic_year: None,
        request: request(format!("subscribe-{name}")),
    };
    on.act(by, act).await
}

/// PostgreSQL alone: the wire between a node and its database is cut around the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_at_the_commit_is_said_to_be_unknown_and_a_repetition_tells_which_it_was() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let transition = world.open_move(1).await;
    let wire = Wire::to(&home.place().postgres.unwrap()).await;
    let node = Ledger::open(&home.place_over(wire.port), world.clock.clone(), false)
        .await
        .unwrap();
    for (name, cut) in [("lost", Cut::Before), ("kept", Cut::After)] {
        let size = home.count("SELECT size FROM head").await;
        let size = u64::try_from(size).unwrap();
        wire.at_next_commit(cut);
        let answer = subscribe(&node, &receiver, name).await;
        assert_eq!(answer.map(drop), Err(Refusal::OutcomeUnknown), "{name}");
        assert!(wire.was_cut());
        let transition = transition.clone();
        let next = node
            .act(&world.officer, ShowTransition { transition })
            .await;
        let next = next.unwrap().receipt.unwrap();
        let kept = cut == Cut::After;
        assert_eq!(
            next.position,
            size + u64::from(kept),
            "the ledger goes on: {name}"
        );

        let first = subscribe(&node, &receiver, name).await.unwrap();
        let receipt = first.receipt.unwrap();
        let stands = if kept { size } else { size + 1 };
        assert_eq!(
            (receipt.replayed, receipt.position),
            (kept, stands),
            "{name}"
        );
        let other = subscribe(&world.ledger, &receiver, name).await.unwrap();
        assert_eq!(other.value, first.value);
        let receipt = other.receipt.unwrap();
        assert_eq!(
            (receipt.replayed, receipt.position),
            (true, stands),
            "{name}"
        );
        let rows = format!("SELECT count(*) FROM subscription WHERE name = '{name}'");
        assert_eq!(home.count(&rows).await, 1);
        let entries = world.entries(size).await;
        let subscribed = entries.iter().filter(|entry| entry.kind() == "subscribed");
        assert_eq!(subscribed.count(), 1, "one entry: {name}");
    }
    assert_eq!(world.access_rows(500).await, world.fold().await);
    node.close().await;
    home.forget().await;
}

/// SQLite alone: the write-ahead log cannot grow in the middle of a commit. The test runs itself
/// again as a process that may be told so, and is not ended by the system.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_breaks_off_on_the_disk_is_said_to_be_unknown() {
    if let Some(folder) = std::env::var_os(SHORT_FILES) {
        return break_off(folder.as_ref()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "outcome::a_commit_that_breaks_off_on_the_disk_is_said_to_be_unknown";
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(SHORT_FILES, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// No file of this process grows beyond that.
fn limit_files(bytes: Option<u64>) {
    let limit = Rlimit {
        current: bytes,
        ..getrlimit(Resource::Fsize)
    };
    setrlimit(Resource::Fsize, limit).unwrap();
}

async fn break_off(folder: &std::path::Path) {
    let home = Home::in_folder(folder);
    let world = World::new(&home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let transition = world.open_move(1).await;
    let kinds = publishable(false);
    let marker = "much ".repeat(4_000);
    let first = world.publish(&transition, &kinds, "A");
    world.published(&sender, first).await;
    let log = std::fs::metadata(home.folder().join("ledger.db-wal")).unwrap();
    let size = world.size();
    // Some of the commit is written, and not its end.
    limit_files(Some(log.len() + 100_000));
    let much = world.publish(&transition, &kinds, &marker);
    let answer = world.ledger.act(&sender, much.clone()).await;
    assert_eq!(answer.map(drop), Err(Refusal::OutcomeUnknown));
    limit_files(getrlimit(Resource::Fsize).maximum);
    // It had not been done, and the ledger goes on as if nothing had happened.
    let next = world.open_move(2).await;
    assert_eq!(world.size(), size + 1);
    let done = world.published(&sender, much.clone()).await;
    let receipt = done.receipt.unwrap();
    assert_eq!((receipt.replayed, receipt.position), (false, size + 1));
    assert_eq!(done.value.version, 2);
    let receipt = world.published(&sender, much).await.receipt.unwrap();
    assert_eq!(
        (receipt.replayed, receipt.position),
        (true, size + 1),
        "done once"
    );
    world.summary(&world.officer, &next).await;
    world.bodies().await;
    assert_eq!(world.access_rows(500).await, world.fold().await);
    world.ledger.close().await;
}
