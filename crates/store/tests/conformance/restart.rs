//! Opening, closing, a second process, an older copy put back.

use std::path::Path;

use baton_domain::access::Role;
use baton_domain::act::ListSettings;
use baton_domain::section::SectionKind;
use baton_store::{Clock, Ledger, StoreError};

use crate::engine::{Home, on_both_engines};
use crate::line::Line;
use crate::values::{NOON_10_MARCH, at};
use crate::world::{World, bootstrap};

const KINDS: [SectionKind; 2] = [SectionKind::Identity, SectionKind::Send];

on_both_engines! {
    async fn a_ledger_that_was_closed_goes_on_where_it_was(home) {
        let none = Ledger::open(&home.place(), Clock::System, false).await;
        assert!(matches!(none, Err(StoreError::NoLedger(_))), "{none:?}");
        let mut world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let transition = world.open_move(1).await;
        let publish = world.publish(&transition, &KINDS, "A");
        let first = world.published(&sender, publish.clone()).await;
        let size = world.size();
        world.ledger.close().await;
        world.ledger = Ledger::open(&home.place(), world.clock.clone(), false).await.unwrap();
        assert_eq!((world.size(), world.ledger.term()), (size, 1));
        let again = world.published(&sender, publish).await;
        assert!(again.receipt.unwrap().replayed);
        let fetched = world.fetch(&receiver, &first.value.profile).await.unwrap();
        assert_eq!(fetched.sections.len(), KINDS.len());
        assert_eq!(world.size(), size + 1);
    }

    async fn a_ledger_that_was_dropped_lets_go(home) {
        let world = World::new(home).await;
        let World { ledger, clock, .. } = world;
        let mut size = ledger.size();
        drop(ledger);
        // Its last task ends with the ledger's own state.
        while size.changed().await.is_ok() {}
        Ledger::open(&home.place(), clock, false).await.unwrap();
    }
}

/// Copies of the closed database, as an operator with a backup would put them back.
struct Copied(Vec<u8>);

impl Copied {
    fn of(home: &Home) -> Self {
        Self(std::fs::read(home.folder().join("ledger.db")).unwrap())
    }

    fn put_back(&self, home: &Home) {
        std::fs::write(home.folder().join("ledger.db"), &self.0).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_and_what_lies_beside_it_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::sqlite();
    let world = World::new(&home).await;
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "lock"] {
        let file = std::fs::metadata(home.folder().join(name)).expect(name);
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
    world.ledger.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_put_back_is_refused_until_it_is_accepted_as_a_new_term() {
    let home = Home::sqlite();
    let mut world = World::new(&home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let transition = world.open_move(1).await;
    let copied_at = world.size();
    let old_checkpoint = world.ledger.checkpoint().await.unwrap();
    world.ledger.close().await;
    let copy = Copied::of(&home);
    world.ledger = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    world
        .published(&sender, world.publish(&transition, &KINDS, "A"))
        .await;
    let lost = world.size();
    world.ledger.close().await;
    copy.put_back(&home);

    let refused = Ledger::open(&home.place(), world.clock.clone(), false).await;
    let Err(StoreError::RolledBack {
        term: 1,
        size,
        mark_term: 1,
        mark_size,
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!((size, mark_size), (copied_at, lost));

    world.ledger = Ledger::open(&home.place(), world.clock.clone(), true)
        .await
        .unwrap();
    assert_eq!(world.ledger.term(), 2);
    let entry = &world.entries(copied_at).await[0];
    assert_eq!(entry.kind(), "term_opened");
    assert_eq!(entry.text("detail/checkpoint"), old_checkpoint);
    assert!(
        world
            .ledger
            .verifier_key()
            .contains(&format!("{}/2+", world.ledger.id()))
    );
    let published = world
        .published(&sender, world.publish(&transition, &KINDS, "B"))
        .await;
    let checkpoint = published.receipt.unwrap().checkpoint;
    assert!(checkpoint.starts_with(&format!("baton.ledger/{}/2\n", world.ledger.id())));

    // The new term is no rollback of itself; the old copy is one of both terms.
    world.ledger.close().await;
    world.ledger = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    world.ledger.close().await;
    copy.put_back(&home);
    let refused = Ledger::open(&home.place(), world.clock.clone(), false).await;
    assert!(
        matches!(refused, Err(StoreError::RolledBack { mark_term: 2, .. })),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_folder_copied_back_with_its_keys_is_refused_too() {
    let home = Home::sqlite();
    let World {
        ledger,
        clock,
        officer,
        ..
    } = World::new(&home).await;
    ledger.close().await;
    let copy = home.folder().with_file_name("copy");
    copy_folder(&home.folder(), &copy);
    let open = async |accept| Ledger::open(&home.place(), clock.clone(), accept).await;
    let ledger = open(false).await.unwrap();
    let act = ListSettings {
        after: None,
        limit: 1,
        code: None,
    };
    ledger.act(&officer, act).await.unwrap();
    ledger.close().await;
    std::fs::remove_dir_all(home.folder()).unwrap();
    copy_folder(&copy, &home.folder());

    let refused = open(false).await;
    assert!(
        matches!(refused, Err(StoreError::RolledBack { size, mark_size, .. }) if size + 1 == mark_size),
        "{refused:?}"
    );
    let accepted = open(true).await.unwrap();
    assert_eq!(accepted.term(), 2);
    accepted.close().await;
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_of_the_same_length_is_refused_too() {
    let home = Home::sqlite();
    let mut world = World::new(&home).await;
    world.ledger.close().await;
    let copy = Copied::of(&home);
    let list = ListSettings {
        after: None,
        limit: 1,
        code: None,
    };
    let high_water = home.folder().join("keys/high-water");
    world.ledger = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    world
        .ledger
        .act(&world.officer, list.clone())
        .await
        .unwrap();
    world.ledger.close().await;
    let mark = std::fs::read(&high_water).unwrap();
    copy.put_back(&home);
    for mark in [
        &high_water,
        &home.folder().with_file_name("data.high-water"),
    ] {
        std::fs::remove_file(mark).unwrap();
    }
    world.hand.send(at(NOON_10_MARCH) + 1).unwrap();
    world.ledger = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    world.ledger.act(&world.officer, list).await.unwrap();
    world.ledger.close().await;
    std::fs::write(&high_water, mark).unwrap();
    let refused = Ledger::open(&home.place(), world.clock.clone(), false).await;
    assert!(
        matches!(refused, Err(StoreError::RolledBack { .. })),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_one_processs_alone() {
    let home = Home::sqlite();
    let (clock, _hand) = Clock::fixed(at(NOON_10_MARCH));
    let (ledger, _officer) = bootstrap(&home, &clock).await;
    let second = Ledger::open(&home.place(), clock.clone(), false).await;
    assert!(matches!(second, Err(StoreError::Locked(_))), "{second:?}");
    ledger.close().await;
    Ledger::open(&home.place(), clock, false)
        .await
        .unwrap()
        .close()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_never_goes_back_in_a_ledger() {
    let world = World::new(&Home::sqlite()).await;
    world.hand.send(at(NOON_10_MARCH) - 1_000_000_000).unwrap();
    let list = ListSettings {
        after: None,
        limit: 1,
        code: None,
    };
    world.ledger.act(&world.officer, list).await.unwrap();
    let times: Vec<_> = world
        .bodies()
        .await
        .iter()
        .map(|body| time(&Line::parse(body)))
        .collect();
    assert!(times.is_sorted());
    assert_eq!(times.last(), Some(&at(NOON_10_MARCH)));
}

fn time(entry: &Line) -> i64 {
    match entry.get("time_us") {
        Some(baton_domain::log::Json::Int(time)) => *time,
        other => panic!("{other:?}"),
    }
}
