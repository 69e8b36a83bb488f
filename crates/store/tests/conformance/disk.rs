//! What happens when the disk runs low, and when it is full.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use baton_domain::access::Role;
use baton_domain::act::{
    Caller, Lease, Offer, Pull, Redirect, RevokeCredential, ShowTransition, Subscribe, Withdraw,
};
use baton_domain::ids::{ProfileId, SubscriptionId, TransitionId};
use baton_domain::section::SectionKind;
use baton_store::{DiskReserve, Ledger, Refusal, TAKING_BURST};

use crate::engine::Home;
use crate::values::{code, publishable};
use crate::world::World;

/// Set in the process that has a small disk of its own.
const SMALL_DISK: &str = "BATON_TEST_SMALL_DISK";
const MIB: u64 = 1 << 20;
const KINDS: [SectionKind; 2] = [SectionKind::Identity, SectionKind::Send];

/// Runs a test of SQLite again in a mount namespace of its own, on a file system of some
/// megabytes, and there does the rest. Where that is not allowed it is left out.
macro_rules! on_a_small_disk {
    ($(#[doc = $doc:literal] $name:ident = $rest:ident, $size:literal;)+) => {$(
        #[doc = $doc]
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            match std::env::var_os(SMALL_DISK) {
                Some(disk) => $rest(disk.as_ref()).await,
                None => again_on_a_small_disk(concat!("disk::", stringify!($name)), $size),
            }
        }
    )+};
}

fn again_on_a_small_disk(name: &str, size: &str) {
    let disk = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size={size} tmpfs \"$0\" || exit 77; exec \"$@\"");
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .arg(disk.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(SMALL_DISK, disk.path())
        .output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stderr))
        }
        refused => println!("a small disk was left out: no file system of its own ({refused:?})"),
    }
}

on_a_small_disk! {
    /// The reserve is one MiB here, and one publish wants more than there is.
    a_full_disk_is_an_answer_and_the_ledger_goes_on_when_there_is_room = fill, "20m";
    /// Something else fills the disk up to the reserve.
    under_the_reserve_only_what_takes_rights_away_passes = run_low, "64m";
    /// One act of a batch cannot be written, another one fills the disk while they are tried alone.
    a_disk_that_fills_while_a_batch_is_replayed_keeps_room_for_taking_rights_away = replay, "20m";
}

fn free(disk: &Path) -> u64 {
    let disk = rustix::fs::statvfs(disk).unwrap();
    disk.f_bavail * disk.f_frsize
}

async fn fill(disk: &Path) {
    let ballast = disk.join("ballast");
    // As much again as the ledger can fill: folding the log into the file takes room for both.
    std::fs::write(&ballast, vec![0; 12 << 20]).unwrap();
    let home = Home::in_folder(disk);
    let mut world = World::new(&home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let transition = world.open_move(1).await;
    let small = world.publish(&transition, &publishable(false), "A");
    let first = world.published(&sender, small).await.value;
    assert!(free(disk) > 2 * MIB, "the reserve is not what is missing");
    let marker = "large ".repeat(80_000);
    let large = world.publish(&transition, &publishable(false), &marker);
    let answer = world
        .ledger
        .act(&sender, large)
        .await
        .map(|done| done.value);
    assert_eq!(answer, Err(Refusal::LedgerFull));
    std::fs::remove_file(ballast).unwrap();
    let next = world
        .published(&sender, world.publish(&transition, &KINDS, "B"))
        .await
        .value;
    let version = first.version + 1;
    assert_eq!(next.version, version, "the refused one left nothing behind");
    let size = world.size();
    world.ledger.close().await;
    world.ledger = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    assert_eq!(world.size(), size);
    world.bodies().await;
    world.ledger.close().await;
}

/// Two published profiles, who may do what with them, and a credential to be revoked.
struct Scene {
    sender: Caller,
    receiver: Caller,
    lost: Caller,
    /// A credential of the council, not its first officer's.
    council: Caller,
    moves: [TransitionId; 2],
    profiles: [ProfileId; 2],
}

impl Scene {
    async fn new(world: &World) -> Self {
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let lost = world.caller(&world.academy.id, &[Role::Senco]).await;
        let council = &world.officer.acting;
        let council = world
            .caller(
                council,
                &[Role::AdmissionsOfficer, Role::CouncilAdministrator],
            )
            .await;
        let moves = [world.open_move(1).await, world.open_move(2).await];
        let publish = async |of| {
            let publish = world.publish(of, &KINDS, "A");
            world.published(&sender, publish).await.value.profile
        };
        let profiles = [publish(&moves[0]).await, publish(&moves[1]).await];
        Self {
            sender,
            receiver,
            lost,
            council,
            moves,
            profiles,
        }
    }

    async fn publish(&self, world: &World, marker: &str) -> Result<(), Refusal> {
        let publish = world.publish(&self.moves[0], &KINDS, marker);
        world.ledger.act(&self.sender, publish).await.map(drop)
    }

    async fn fetch(&self, world: &World) -> Result<(), Refusal> {
        world
            .fetch(&self.receiver, &self.profiles[0])
            .await
            .map(drop)
    }

    async fn withdraw(&self, world: &World, profile: &ProfileId) -> Result<(), Refusal> {
        let withdraw = Withdraw {
            profile: profile.clone(),
            request: world.request(),
        };
        world.ledger.act(&self.sender, withdraw).await.map(drop)
    }

    /// Whatever adds to the ledger is turned away without an entry; what takes a right away is
    /// done.
    async fn only_rights_are_taken_away(&self, world: &World) {
        let size = world.size();
        assert!(!world.ledger.has_room());
        let full = Err(Refusal::LedgerFull);
        assert_eq!(self.publish(world, "B").await, full);
        assert_eq!(self.fetch(world).await, full);
        let plan = world.plan(crate::values::upn(3));
        assert_eq!(world.planned(&world.officer, plan).await.map(drop), full);
        assert_eq!(world.size(), size, "who is turned away leaves no entry");

        self.withdraw(world, &self.profiles[1]).await.unwrap();
        self.redirect(world, &world.officer).await.unwrap();
        self.revoke(world, &world.officer).await.unwrap();
        assert_eq!(world.size(), size + 3);
    }

    /// Whoever goes on taking away what was taken already uses up its own share of the reserve and
    /// nobody else's.
    async fn nobody_uses_the_reserve_up(&self, world: &World) {
        let size = world.size();
        let asked = 3 * u64::from(TAKING_BURST);
        let mut done = 0;
        for number in 0..asked {
            let answer = if number % 2 == 0 {
                self.redirect(world, &self.council).await
            } else {
                self.revoke(world, &self.council).await
            };
            match answer {
                Ok(()) => done += 1,
                Err(refusal) => assert_eq!(refusal, Refusal::LedgerFull),
            }
        }
        assert!(done > 0 && done < asked, "{done} of {asked}");
        assert_eq!(
            world.size(),
            size + done,
            "who is turned away leaves no entry"
        );
        self.redirect(world, &self.sender).await.unwrap();
    }

    async fn redirect(&self, world: &World, by: &Caller) -> Result<(), Refusal> {
        let redirect = Redirect {
            transition: self.moves[1].clone(),
            to: Some(code("gias:100004")),
            offer: Offer::default(),
            request: world.request(),
        };
        world.ledger.act(by, redirect).await.map(drop)
    }

    async fn revoke(&self, world: &World, by: &Caller) -> Result<(), Refusal> {
        let revoke = RevokeCredential {
            setting: self.lost.acting.clone(),
            credential: self.lost.credential.clone(),
            request: world.request(),
        };
        let revoked = world.ledger.act(by, revoke).await?;
        assert!(revoked.value.revoked);
        Ok(())
    }

    /// Of a batch that meets a full disk, what the council and the sender would take away.
    async fn tried_again(&self, home: &Home, world: &World) {
        let show = ShowTransition {
            transition: self.moves[1].clone(),
        };
        let held = home.hold().await;
        // The first waits for the lock; the others come meanwhile and share a batch.
        let (_, published, subscribed, spent, other, ()) = tokio::join!(
            world.ledger.act(&world.officer, show),
            self.publish(world, "full"),
            world.ledger.act(&self.receiver, subscribe(world)),
            self.revoke(world, &self.council),
            self.redirect(world, &self.sender),
            held.let_go(),
        );
        subscribed.unwrap_err();
        let full = Err(Refusal::LedgerFull);
        assert_eq!((&published, &spent, &other), (&full, &full, &Ok(())));
    }

    async fn everything_passes(&self, world: &World) {
        assert!(world.ledger.has_room());
        self.publish(world, "C").await.unwrap();
        self.fetch(world).await.unwrap();
        world.bodies().await;
        assert_eq!(world.access_rows(500).await, world.fold().await);
    }
}

fn subscribe(world: &World) -> Subscribe {
    Subscribe {
        name: "poison".to_owned(),
        point: None,
        academic_year: None,
        request: world.request(),
    }
}

async fn run_low(disk: &Path) {
    let mut home = Home::in_folder(disk);
    home.reserve.mib = NonZeroU32::new(24).unwrap();
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    let ballast = disk.join("ballast");
    // Room for some hundred acts: the write-ahead log takes every page they change.
    let rest = usize::try_from(free(disk) - 20 * MIB).unwrap();
    std::fs::write(&ballast, vec![0; rest]).unwrap();
    scene.only_rights_are_taken_away(&world).await;
    scene.nobody_uses_the_reserve_up(&world).await;
    std::fs::remove_file(ballast).unwrap();
    scene.everything_passes(&world).await;
    world.ledger.close().await;
}

/// A batch that is rolled back for one act, is tried act by act, and meets a full disk there: those
/// that take rights away pass whatever comes before them.
async fn replayed(home: &Home, world: &World, (scene, marker): (&Scene, &str)) {
    let show = ShowTransition {
        transition: scene.moves[1].clone(),
    };
    let subscribe = subscribe(world);
    let publish = world.publish(&scene.moves[0], &publishable(false), marker);
    let held = home.hold().await;
    // The first waits for the lock; the others come meanwhile and share a batch.
    let (shown, published, subscribed, withdrawn, ()) = tokio::join!(
        world.ledger.act(&world.officer, show),
        world.ledger.act(&scene.sender, publish),
        world.ledger.act(&scene.receiver, subscribe),
        scene.withdraw(world, &scene.profiles[1]),
        held.let_go(),
    );
    shown.unwrap();
    let full = Err(Refusal::LedgerFull);
    assert_eq!(published.map(drop), full);
    assert_eq!(subscribed.map(drop), full, "not tried any more");
    assert_eq!(withdrawn, Ok(()));
}

async fn replay(disk: &Path) {
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![0; 12 << 20]).unwrap();
    let home = Home::in_folder(disk);
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    home.tamper(
        "CREATE TRIGGER poison BEFORE INSERT ON subscription \
         BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
    )
    .await;
    assert!(free(disk) > 2 * MIB, "the reserve is not what is missing");
    let large = "large ".repeat(80_000);
    Box::pin(replayed(&home, &world, (&scene, &large))).await;
    std::fs::remove_file(ballast).unwrap();
    world.bodies().await;
    world.ledger.close().await;
}

/// PostgreSQL: a publish is told that the disk is full once its batch is tried act by act.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_fills_while_a_batch_is_replayed_keeps_room_for_taking_rights_away() {
    let Some(home) = postgres(Duration::MAX).await else {
        return;
    };
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    home.tamper(FULL_ALONE).await;
    Box::pin(replayed(&home, &world, (&scene, "B"))).await;
    assert!(!world.ledger.has_room());
    home.forget().await;
}

/// Whoever adds content is told that the disk is full.
const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$; \
    CREATE TRIGGER full_disk BEFORE INSERT ON content FOR EACH ROW EXECUTE FUNCTION full_disk();";
const ROOM: &str = "DROP TRIGGER full_disk ON content; DROP FUNCTION full_disk";
/// A subscription cannot be written, and whoever then tries a publish alone is told that the disk
/// is full.
const FULL_ALONE: &str = "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN RAISE 'poisoned'; END $$; \
    CREATE TRIGGER poison BEFORE INSERT ON subscription FOR EACH ROW EXECUTE FUNCTION poison(); \
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$; \
    CREATE TRIGGER full_disk BEFORE INSERT ON request FOR EACH ROW \
    WHEN (NEW.answer LIKE '%\"changed\":true%') EXECUTE FUNCTION full_disk();";

async fn postgres(probe_after: Duration) -> Option<Home> {
    let mut home = Home::postgres().await?;
    home.reserve = DiskReserve {
        probe_after,
        ..DiskReserve::default()
    };
    Some(home)
}

/// PostgreSQL alone: what it says of its disk holds until the time of the next try.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_full_is_asked_for_nothing_more_but_to_take_rights_away() {
    let Some(home) = postgres(Duration::MAX).await else {
        return;
    };
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    home.tamper(FULL).await;
    assert!(world.ledger.has_room());
    // Whether they share a batch or not.
    let (published, withdrawn) = tokio::join!(
        scene.publish(&world, "B"),
        scene.withdraw(&world, &scene.profiles[0])
    );
    assert_eq!((published, withdrawn), (Err(Refusal::LedgerFull), Ok(())));
    home.tamper(ROOM).await;
    scene.only_rights_are_taken_away(&world).await;
    scene.nobody_uses_the_reserve_up(&world).await;
    home.forget().await;
}

/// PostgreSQL alone: once it is time, an act tries it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_full_has_room_when_an_act_goes_through() {
    let Some(home) = postgres(Duration::ZERO).await else {
        return;
    };
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    home.tamper(FULL).await;
    for _ in 0..2 {
        assert_eq!(scene.publish(&world, "B").await, Err(Refusal::LedgerFull));
        assert!(!world.ledger.has_room());
    }
    home.tamper(ROOM).await;
    assert!(!world.ledger.has_room(), "nobody has tried");
    scene.publish(&world, "B").await.unwrap();
    scene.everything_passes(&world).await;
    home.forget().await;
}

async fn watch(world: &World, by: &Caller, of: &SubscriptionId) -> Result<(), Refusal> {
    let act = Pull {
        subscription: of.clone(),
        from: 0.into(),
        limit: 64,
        inline: false,
        lease: Lease::Take,
    };
    world.ledger.act(by, act).await.map(drop)
}

/// PostgreSQL alone: on a node that has nothing but watches their leases try it, and an entry tells
/// that there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_tries_a_database_that_was_full() {
    let Some(home) = postgres(Duration::ZERO).await else {
        return;
    };
    let world = World::new(&home).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let of = world.subscription(&receiver).await;
    home.tamper(&FULL.replace("ON content", "ON lease")).await;
    for _ in 0..2 {
        let told = watch(&world, &receiver, &of).await;
        assert_eq!(told, Err(Refusal::LedgerFull));
        assert!(!world.ledger.has_room(), "the lease is known not to fit");
    }
    home.tamper(&ROOM.replace("ON content", "ON lease")).await;
    assert!(!world.ledger.has_room(), "nobody has tried");
    watch(&world, &receiver, &of).await.unwrap();
    assert!(
        !world.ledger.has_room(),
        "a lease is little, and its turn showed nothing"
    );
    world.open_move(1).await;
    assert!(world.ledger.has_room());
    home.forget().await;
}

/// PostgreSQL alone: a lease takes hardly any room, an entry does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_fits_does_not_say_that_everything_does() {
    let Some(home) = postgres(Duration::ZERO).await else {
        return;
    };
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    let of = world.subscription(&scene.receiver).await;
    home.tamper(&FULL.replace("ON content", "ON entry")).await;
    assert_eq!(scene.publish(&world, "B").await, Err(Refusal::LedgerFull));
    let held = home.hold().await;
    let leased = async {
        while home.count("SELECT count(*) FROM lease").await == 0 {}
        // Once more, so that the node has taken note of what it wrote.
        home.count("SELECT count(*) FROM lease").await;
        assert!(!world.ledger.has_room(), "its turn has not tried yet");
        held.let_go().await;
    };
    let (told, ()) = tokio::join!(watch(&world, &scene.receiver, &of), leased);
    assert_eq!(
        told,
        Err(Refusal::LedgerFull),
        "the lease fits, its turn does not"
    );
    assert!(!world.ledger.has_room());
    home.tamper(&ROOM.replace("ON content", "ON entry")).await;
    scene.publish(&world, "B").await.unwrap();
    scene.everything_passes(&world).await;
    home.forget().await;
}

/// PostgreSQL alone: whoever has used its share up has none when a batch runs out of room, whether
/// it is tried without those that add or act by act.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_tried_again_in_a_full_database_uses_its_share() {
    let Some(home) = postgres(Duration::ZERO).await else {
        return;
    };
    let world = World::new(&home).await;
    let scene = Scene::new(&world).await;
    home.tamper(FULL).await;
    assert_eq!(scene.publish(&world, "B").await, Err(Refusal::LedgerFull));
    scene.nobody_uses_the_reserve_up(&world).await;
    home.tamper(ROOM).await;
    scene.publish(&world, "C").await.unwrap();
    assert!(world.ledger.has_room());
    scene.revoke(&world, &scene.council).await.unwrap();

    for full in [FULL, FULL_ALONE] {
        home.tamper(full).await;
        assert!(world.ledger.has_room());
        Box::pin(scene.tried_again(&home, &world)).await;
        assert!(!world.ledger.has_room());
        if full == FULL {
            home.tamper(ROOM).await;
            scene.publish(&world, "D").await.unwrap();
        }
    }
    home.forget().await;
}
