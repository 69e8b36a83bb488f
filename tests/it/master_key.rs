//! Another master key: the ring is sealed anew while the service goes on, by nobody who lacks the old
//! key, and killed at any moment one of the two opens it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use baton_store::{Clock, Ledger, MasterHandover, MasterKey, Place, StoreError};
use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use tokio::task::JoinSet;

use crate::harness::*;
use crate::killed::cast::{Serving, assemble, init, verify};

/// Kills of one engine, spread over the moment in which the ring is replaced.
const KILLS: u32 = 8;
const LOOK_EVERY: Duration = Duration::from_micros(50);
/// About as long as the ring takes to be replaced.
const REPLACES: Duration = Duration::from_millis(4);

fn ring(home: &Home) -> Vec<u8> {
    fs::read(home.place().folder.join("keys/ring.json")).unwrap()
}

/// Where the service of a test looks for its master key.
pub(crate) fn own(home: &Home) -> PathBuf {
    home.place().folder.join("keys/master.key")
}

/// A key that was not there, sealed under the one the service has.
pub(crate) async fn handed(home: &Home, name: &str) -> (MasterHandover, PathBuf) {
    let path = home.base().join(name);
    let new = MasterKey::File(path.clone());
    let handed = MasterKey::File(own(home)).hand_over(&new, false).await;
    (handed.unwrap(), path)
}

fn request(of: &str, handed: &MasterHandover) -> v1::RotateMasterKeyRequest {
    v1::RotateMasterKeyRequest {
        parent: of.to_owned(),
        sealed_key: handed.sealed.clone().into(),
        fingerprint: handed.new.clone(),
        validate_only: false,
    }
}

pub(crate) async fn rotate(
    who: &Caller,
    handed: &MasterHandover,
) -> Answer<v1::RotateMasterKeyResponse> {
    let told = who
        .keys()
        .rotate_master_key(request(&who.setting, handed))
        .await;
    told.map(tonic::Response::into_inner)
}

async fn rotate_epoch(who: &Caller) {
    let request = v1::RotateKeysRequest {
        parent: who.setting.clone(),
        request_id: fresh(),
    };
    who.keys().rotate_keys(request).await.unwrap();
}

async fn opens(place: &Place, master: &Path) -> Result<(), StoreError> {
    let place = Place {
        master: Some(MasterKey::File(master.to_owned())),
        ..place.clone()
    };
    Ledger::open(&place, Clock::System, false)
        .await?
        .close()
        .await;
    Ok(())
}

on_both_engines! {
    async fn the_ring_is_sealed_anew_while_the_service_goes_on_and_the_entry_says_so(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let (new, path) = handed(&exchange.home, "new.key").await;
        let told = rotate(&exchange.officer, &new).await.unwrap();
        assert_eq!((&told.fingerprint, &told.previous_fingerprint), (&new.new, &new.old));
        let position = told.receipt.unwrap().position;
        let (entries, _) = exchange.officer.entries(position.unsigned_abs()).await;
        let line = Line::parse(&entries[0].body);
        assert_eq!(line.said(), ("master_key_changed", "done"));
        assert_eq!(line.text("detail/new_key"), new.new);
        assert_eq!(line.text("detail/old_key"), new.old);

        // It goes on, and writes the ring under the new key.
        let sealed = ring(&exchange.home);
        receiver.get(&name).await.unwrap();
        rotate_epoch(&exchange.officer).await;
        assert_ne!(ring(&exchange.home), sealed);
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let now = ring(&exchange.home);
        let again = rotate(&exchange.officer, &new).await.unwrap();
        assert_eq!(again.previous_fingerprint, new.new, "it was in force already");
        assert_eq!(ring(&exchange.home), now);

        exchange.stop().await;
        match exchange.start(false).await {
            Err(StoreError::OtherMasterKey { needed, given }) => {
                assert_eq!((needed, given), (new.new, new.old));
            }
            other => panic!("{other:?}"),
        }
        fs::rename(path, own(&exchange.home)).unwrap();
        exchange.start(false).await.unwrap();
        assert!(receiver.at(&exchange.door).get(&name).await.is_ok());
        exchange.is_verified().await;
    }

    async fn who_lacks_the_role_or_the_old_key_changes_nothing(exchange) {
        let publisher = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let (new, _) = handed(&exchange.home, "new.key").await;
        let before = ring(&exchange.home);
        assert_eq!(refused(rotate(&publisher, &new).await).reason, Reason::PermissionDenied);
        // Somebody with the operator's role, who sealed a key of their own under another one.
        let in_base = |name: &str| MasterKey::File(exchange.home.base().join(name));
        let (theirs, ransom) = (in_base("new.key"), in_base("ransom.key"));
        let ransom = theirs.hand_over(&ransom, false).await.unwrap();
        let refusal = refused(rotate(&exchange.officer, &ransom).await);
        assert_eq!(refusal.reason, Reason::MasterKeyWrong);
        // One that says it is another than it is.
        let posing = MasterHandover { new: ransom.new.clone(), ..new.clone() };
        let refusal = refused(rotate(&exchange.officer, &posing).await);
        assert_eq!(refusal.reason, Reason::MasterKeyWrong);
        for (sealed, fingerprint) in [(vec![1; 59], "0123456789abcdef"), (vec![], "0123456789ABCDEF")] {
            let wrong = MasterHandover { sealed, old: String::new(), new: fingerprint.to_owned() };
            let refusal = refused(rotate(&exchange.officer, &wrong).await);
            assert_eq!(refusal.reason, Reason::InvalidRequest);
        }
        // And who only tries.
        let mut only = request(&exchange.officer.setting, &new);
        only.validate_only = true;
        let told = exchange.officer.keys().rotate_master_key(only).await.unwrap().into_inner();
        assert_eq!(told.fingerprint, new.new);
        assert_eq!(ring(&exchange.home), before);
        assert_eq!(rotate(&exchange.officer, &new).await.unwrap().previous_fingerprint, new.old);
        assert_ne!(ring(&exchange.home), before);
    }
}

async fn killed_and_opened(home: Home) {
    let token = init(&home);
    let serving = Serving::start(&home);
    let cast = assemble(&home, &serving, &token).await;
    serving.kill();
    let place = home.place();
    let keys = place.folder.join("keys");
    let (mut under_new, halfway) = (0, keys.join("ring.json.new"));
    for kill in 0..KILLS {
        let serving = Serving::start(&home);
        let officer = serving
            .client(&home, &cast.officer.papers, &cast.officer.setting)
            .await;
        let (new, path) = handed(&home, &format!("new-{kill}.key")).await;
        let mut asked = JoinSet::new();
        let asking = asked.spawn(async move { officer.rotate_master_key(request("", &new)).await });
        while !halfway.exists() && !asking.is_finished() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        tokio::time::sleep(REPLACES * kill / KILLS).await;
        serving.kill();
        let answered = asked.join_next().await.unwrap().unwrap().is_ok();
        let (old, new) = (opens(&place, &own(&home)).await, opens(&place, &path).await);
        assert_ne!(old.is_ok(), new.is_ok(), "{old:?} {new:?}");
        assert!(new.is_ok() || !answered, "what was answered stands");
        for left in ["ring.json.new", "ring.json.old"] {
            assert!(
                !keys.join(left).exists(),
                "{left}, under the other key, was left"
            );
        }
        if new.is_ok() {
            under_new += 1;
            fs::rename(path, own(&home)).unwrap();
        }
    }
    println!("figures: kills={KILLS} under_new={under_new}");
    let serving = Serving::start(&home);
    verify(&home, &serving, &cast);
}

#[test]
fn killed_at_any_moment_one_of_the_two_keys_opens_the_ring_on_sqlite() {
    run(async || killed_and_opened(Home::sqlite()).await);
}

#[test]
fn killed_at_any_moment_one_of_the_two_keys_opens_the_ring_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            killed_and_opened(home).await;
        }
    });
}

#[test]
fn another_node_goes_on_and_finds_the_new_key_at_once_where_its_own_lies() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let of = exchange.open_move().await;
        let sender = exchange
            .person(&of.from, &[Role::Publisher])
            .await
            .at(&other);
        let publish = async |seed| {
            sender
                .publish(submission(&of, typical(seed, of.point)))
                .await
        };
        publish(1).await.unwrap();
        let (new, path) = handed(&exchange.home, "new.key").await;
        rotate(&exchange.officer, &new).await.unwrap();
        publish(2).await.expect("the keys it has are the same");

        // What needs the ring waits until the node finds the new key.
        rotate_epoch(&exchange.officer).await;
        assert_eq!(refused(publish(3).await).reason, Reason::Unavailable);
        fs::rename(path, own(&exchange.home)).unwrap();
        publish(4)
            .await
            .expect("it is where the node's own came from");

        // Whatever needs the ring first finds it.
        let there = exchange.officer.at(&other);
        for asks_first in ["list_epochs", "rotate_keys"] {
            let (newer, path) = handed(&exchange.home, asks_first).await;
            rotate(&exchange.officer, &newer).await.unwrap();
            fs::rename(path, own(&exchange.home)).unwrap();
            if asks_first == "rotate_keys" {
                rotate_epoch(&there).await;
            } else {
                let parent = there.setting.clone();
                let request = v1::ListEpochsRequest { parent };
                there.keys().list_epochs(request).await.unwrap();
            }
        }
        second.stop().await;
        exchange.end().await;
    });
}
