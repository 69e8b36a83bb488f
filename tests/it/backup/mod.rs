//! Backups and what is restored from them: made under load, whole or refused, and never passed off
//! as the ledger they were taken from.

mod damage;
mod documents;
mod keys;
mod killed;
mod shown;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use baton_store::{BackupError, MasterKey, Place, Restore, Restored, StoreError, Watcher};
use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use tokio::task::JoinSet;

use crate::harness::*;

/// So many that commits fall into the middle of some of them.
const BACKUPS_UNDER_LOAD: u64 = 10;

/// What the last turn of a backup says.
pub(crate) async fn backed_up(who: &Caller) -> Answer<v1::BackUpResponse> {
    let request = v1::BackUpRequest {
        parent: who.setting.clone(),
        ..Default::default()
    };
    let mut turns = who.backups().back_up(request).await?.into_inner();
    let mut last = None;
    while let Some(turn) = turns.message().await? {
        last = Some(turn);
    }
    Ok(last.expect("a stream has a last turn"))
}

/// The two files of a backup.
pub(crate) struct Files {
    content: PathBuf,
    keys: PathBuf,
}

impl Files {
    pub(crate) fn of(made: &v1::BackUpResponse) -> Self {
        Self {
            content: made.content.as_ref().unwrap().file.clone().into(),
            keys: made.keys.as_ref().unwrap().file.clone().into(),
        }
    }

    /// A restore from them, or from the content alone.
    fn restore(&self, keys: bool) -> Restore {
        Restore {
            content: self.content.clone(),
            keys: keys.then(|| self.keys.clone()),
            keys_master: None,
            lay_master: true,
        }
    }
}

fn nobody() -> Watcher {
    Arc::new(|_| {})
}

impl Exchange {
    /// Puts the ledger back into its place.
    pub(crate) async fn restore(
        &self,
        files: &Files,
        (keys, master): (bool, Option<&Path>),
    ) -> Result<Restored, BackupError> {
        let place = Place {
            master: master.map(|path| MasterKey::File(path.to_owned())),
            ..self.home.place()
        };
        files
            .restore(keys)
            .run(&place, &self.clock, &nobody())
            .await
    }

    /// The whole ledger, access rows too, as the program verifies it.
    pub(crate) async fn is_verified(&self) {
        let folder = tempfile::tempdir().unwrap();
        let connection = self.officer.connection(&self.door, folder.path());
        let mut verify = std::process::Command::new(program());
        verify
            .arg("--connection")
            .arg(connection)
            .args(["audit", "verify", "--state"]);
        let told = tokio::task::spawn_blocking(move || verify.output()).await;
        let told = told.unwrap().unwrap();
        let said = [told.stdout, told.stderr].concat();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&said));
    }
}

/// Reads a profile until it is told to stop; how often, and failures.
async fn read_on(
    receiver: Caller,
    profile: String,
    stop: Arc<AtomicBool>,
) -> (Vec<i64>, Vec<String>) {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        match receiver.get(&profile).await {
            Ok(read) => done.push(read.version.into()),
            Err(status) => failed.push(status.to_string()),
        }
    }
    (done, failed)
}

/// Publishes until it is told to stop; positions of what was acknowledged, and failures.
async fn publish_on(sender: Caller, of: Move, stop: Arc<AtomicBool>) -> (Vec<i64>, Vec<String>) {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let mut submission = submission(&of, typical(number, of.point));
        submission.signatory = format!("Head {number}");
        match sender.publish(submission).await {
            Ok(answer) => done.push(answer.receipt.unwrap().position),
            Err(status) => failed.push(status.to_string()),
        }
    }
    (done, failed)
}

on_both_engines! {
    async fn a_backup_under_load_fails_no_call_and_holds_what_was_acknowledged_before(exchange) {
        let mut senders = Vec::new();
        for _ in 0..4 {
            let of = exchange.open_move().await;
            senders.push((exchange.person(&of.from, &[Role::Publisher]).await, of));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut busy = JoinSet::new();
        let (sender, of) = &senders[0];
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let profile = sender.publish(submission(of, typical(1, of.point))).await.unwrap().name;
        busy.spawn(read_on(receiver, profile, Arc::clone(&stop)));
        for (sender, of) in senders {
            busy.spawn(publish_on(sender, of, Arc::clone(&stop)));
        }
        let begun = exchange.size();
        exchange.grown_to(begun + 20).await;
        let before = exchange.size();
        let mut made = None;
        for _ in 0..BACKUPS_UNDER_LOAD {
            made = Some(backed_up(&exchange.officer).await.unwrap());
        }
        stop.store(true, Ordering::Relaxed);
        let mut published = 0;
        for (done, failed) in busy.join_all().await {
            assert!(failed.is_empty(), "{failed:?}");
            published += done.len();
        }
        assert!(published > 20, "{published} were published meanwhile");
        let made = made.unwrap();
        let size = made.content.as_ref().unwrap().tree_size.unsigned_abs();
        assert!(size >= before + BACKUPS_UNDER_LOAD, "{size} entries, {before} before the first");
        let leaf = exchange.running().ledger().leaf(size - 1).await.unwrap();
        exchange.stop().await;

        exchange.home.lose_database().await;
        exchange.restore(&Files::of(&made), (false, None)).await.unwrap();
        exchange.start(false).await.unwrap();
        let ledger = exchange.running().ledger();
        assert_eq!(ledger.leaf(size - 1).await.unwrap(), leaf, "the same last entry");
        exchange.is_verified().await;
    }

    async fn a_ledger_that_is_lost_with_its_keys_comes_back_from_both_backups_and_the_master_key(
        exchange
    ) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut told = submission(&of, typical(1, of.point));
        MARKER.clone_into(&mut told.signatory);
        let published = sender.publish(told).await.unwrap();
        let early = receiver.await_item(&subscription, "").await.unwrap();
        let read = receiver.get(&published.name).await.unwrap();
        let made = backed_up(&exchange.officer).await.unwrap();
        let files = Files::of(&made);
        let copied = [fs::read(&files.content).unwrap(), fs::read(&files.keys).unwrap()].concat();
        let holds = |text: &str| copied.windows(text.len()).any(|found| found == text.as_bytes());
        assert!(holds("School Elsewhere"), "what the database has in clear");
        for sealed in [MARKER, &of.learner[0].value] {
            assert!(!holds(sealed), "{sealed} is in clear");
        }
        let late = exchange.open_move().await;
        sender.publish(submission(&late, typical(2, late.point))).await.unwrap();
        let old = exchange.running().ledger().verifier_key();
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;

        let without = exchange.restore(&files, (false, Some(&master))).await.unwrap_err();
        assert!(matches!(without, BackupError::Store(StoreError::Ring(_))), "{without}");
        let wrong = exchange.home.base().join("wrong.key");
        fs::copy(&master, &wrong).unwrap();
        let text = "baton-master-key-v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        fs::write(&wrong, text).unwrap();
        let refused = exchange.restore(&files, (true, Some(&wrong))).await.unwrap_err();
        assert!(matches!(refused, BackupError::Store(StoreError::OtherMasterKey { .. })), "{refused}");
        let refused = exchange.restore(&files, (true, None)).await.unwrap_err();
        assert!(matches!(refused, BackupError::Store(StoreError::File { .. })), "{refused}");
        assert!(!exchange.home.place().folder.exists(), "nothing was written");

        let restored = exchange.restore(&files, (true, Some(&master))).await.unwrap();
        assert_eq!((restored.term, restored.from.closed), (2, 0));
        assert_ne!(restored.verifier_key, old);
        exchange.start(false).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        assert_eq!(receiver.get(&published.name).await.unwrap(), read, "content opens");
        let told = receiver.pull(&subscription, &early.token).await.unwrap();
        assert!(told.ledger_changed, "never silence");
        let lines = exchange.lines(0).await;
        let first = lines.iter().find(|line| line.said().0 == "term_opened").unwrap();
        assert_eq!(first.text("detail/checkpoint"), restored.from.checkpoint);
        assert_eq!(first.text("detail/backup").len(), 64);
        exchange.is_verified().await;
        let again = sender.at(&exchange.door).publish(submission(&of, typical(3, of.point))).await;
        assert_eq!(again.unwrap().version, 2, "and it goes on");
    }

    async fn a_backup_is_put_back_into_an_empty_place_only_and_a_copy_by_hand_is_still_caught(
        exchange
    ) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let taken = exchange.restore(&files, (false, None)).await.unwrap_err();
        assert!(matches!(taken, BackupError::NotEmpty(_)), "{taken}");
        exchange.home.copy().await;
        exchange.home.lose_database().await;
        exchange.restore(&files, (false, None)).await.unwrap();
        let twice = exchange.restore(&files, (false, None)).await.unwrap_err();
        assert!(matches!(twice, BackupError::NotEmpty(_)), "{twice}");
        exchange.home.put_back().await;
        let refused = exchange.start(false).await.unwrap_err();
        assert!(matches!(refused, StoreError::RolledBack { .. }), "{refused}");
        // From the same backup once more: a term nobody has seen yet.
        exchange.home.lose_database().await;
        let restored = exchange.restore(&files, (false, None)).await.unwrap();
        assert_eq!(restored.term, 3);
        exchange.start(false).await.unwrap();
    }

    async fn a_backup_of_one_engine_is_put_back_into_the_other(exchange) {
        let other = if exchange.home.is_postgres() {
            Some(Home::sqlite())
        } else {
            Home::postgres().await
        };
        let Some(other) = other else { return };
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let read = receiver.get(&published.name).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        let home = std::mem::replace(&mut exchange.home, other);
        exchange.restore(&files, (true, Some(&master))).await.unwrap();
        exchange.start(false).await.unwrap();
        assert_eq!(receiver.at(&exchange.door).get(&published.name).await.unwrap(), read);
        exchange.is_verified().await;
        home.forget().await;
    }

    async fn what_was_erased_stays_on_the_list_whichever_of_the_two_lists_has_it(exchange) {
        let list = exchange.home.place().folder.join("keys/erased");
        let lay = |lines: &str| {
            fs::write(&list, lines).unwrap();
            fs::set_permissions(&list, fs::Permissions::from_mode(0o600)).unwrap();
        };
        lay("first\nsecond\n");
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        lay("first\nthird\n");
        exchange.home.lose_database().await;
        exchange.restore(&files, (true, None)).await.unwrap();
        assert_eq!(fs::read_to_string(&list).unwrap(), "first\nthird\nsecond\n");
        let master = exchange.home.lose_everything().await;
        exchange.restore(&files, (true, Some(&master))).await.unwrap();
        assert_eq!(fs::read_to_string(&list).unwrap(), "first\nsecond\n");
        exchange.start(false).await.unwrap();
    }

    async fn a_backup_whose_caller_went_away_is_made_and_one_that_is_broken_off_leaves_nothing(
        exchange
    ) {
        let request = || v1::BackUpRequest {
            parent: exchange.officer.setting.clone(),
            ..Default::default()
        };
        let folder = exchange.home.base().join("backups");
        let begun = exchange.officer.backups().back_up(request()).await.unwrap();
        drop(begun);
        while !fs::read_dir(&folder).is_ok_and(|files| {
            files.flatten().any(|file| file.path().extension().is_some_and(|end| end == "backup"))
        }) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // Left by a service that was killed.
        let made = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let left = made.with_extension("backup.unfinished");
        fs::write(&left, "half of it").unwrap();
        while backed_up(&exchange.officer).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert!(!left.exists(), "it is swept away");
        let begun = exchange.officer.backups().back_up(request()).await.unwrap();
        exchange.stop().await;
        drop(begun);
        let unfinished = |folder: &Path| {
            let files = fs::read_dir(folder).unwrap().flatten();
            files.filter(|file| file.path().extension().is_some_and(|end| end == "unfinished")).count()
        };
        assert_eq!(unfinished(&folder), 0);
        assert_eq!(unfinished(&exchange.home.base().join("key-backups")), 0);
    }

    async fn as_many_backups_are_kept_as_configured_and_one_is_made_at_a_time(exchange) {
        for _ in 0..5 {
            backed_up(&exchange.officer).await.unwrap();
        }
        let count = |name: &str| fs::read_dir(exchange.home.base().join(name)).unwrap().count();
        assert_eq!((count("backups"), count("key-backups")), (3, 2));
        let both = futures::future::join_all((0..4).map(|_| backed_up(&exchange.officer))).await;
        let refused = both.into_iter().filter_map(Result::err);
        for status in refused {
            assert_eq!(crate::harness::refused::<()>(Err(status)).reason, Reason::BackupRunning);
        }
        assert_eq!((count("backups"), count("key-backups")), (3, 2));
        assert!(exchange.page("/metrics").await.contains("baton_backup_made_seconds"));
    }

    async fn no_backup_is_made_of_a_ledger_that_does_not_hold(exchange) {
        let of = exchange.open_move().await;
        let home = &exchange.home;
        home.tamper("CREATE TABLE kept AS SELECT * FROM entry").await;
        let id = of.name.rsplit('/').next().unwrap();
        for change in [
            "UPDATE entry SET body = NULL WHERE position = 3".to_owned(),
            "UPDATE entry SET leaf = (SELECT leaf FROM kept WHERE position = 4) \
             WHERE position = 3".to_owned(),
            format!("UPDATE transition SET accepted = 1 - accepted WHERE id = '{id}'"),
            // Both at once: the emptied entry is not taken for what changed the row.
            format!("UPDATE transition SET accepted = 1 - accepted WHERE id = '{id}'; \
             UPDATE entry SET body = NULL WHERE position = 3"),
        ] {
            let undo = "UPDATE entry SET body = kept.body, leaf = kept.leaf FROM kept \
                WHERE kept.position = entry.position";
            home.tamper(&change).await;
            let refused = crate::harness::refused(backed_up(&exchange.officer).await);
            assert_eq!(refused.reason, Reason::BackupFailed, "{change}");
            home.tamper(undo).await;
            if change.contains("accepted") {
                home.tamper(change.split(';').next().unwrap()).await;
            }
        }
        backed_up(&exchange.officer).await.expect("it is as it was");
    }
}
