//! A witness of other ledgers, as C2SP tlog-witness has it: what it answers, and that it never
//! signs two histories, whatever comes at the same time and whenever it is killed.

mod killed;
pub(crate) mod log;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use baton_domain::log::note::{SignerKey, cosigned};
use baton_server::{WitnessFolder, WitnessFolderError};
use baton_store::Clock;
use tokio::task::JoinSet;

use self::log::{Log, ORIGIN, Running, made, opened, request, serve, submit};
use crate::harness::*;

const TEXT: &str = "text/plain; charset=utf-8";

/// A witness of a ledger, and its folder.
async fn witness(log: &Log) -> (tempfile::TempDir, Running) {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("w");
    made(&folder);
    let (clock, _) = Clock::fixed(1_679_315_147_000_000);
    let running = serve(&folder, vec![log.key()], clock).await;
    (base, running)
}

#[test]
fn each_answer_is_the_one_of_the_standard() {
    run(|| async {
        let log = Log::new(1).grown("entry", 40);
        let fork = Log::new(1).grown("entry", 10).grown("another", 60);
        let stranger = Log::new(2).grown("entry", 40);
        let (base, witness) = witness(&log).await;
        let to = witness.address;
        let ask = async |body: String| {
            let told = submit(to, &body).await.expect("an answer");
            (told.status, told.content_type, told.body)
        };
        let size = |size: u64| (409, "text/x.tlog.size".to_owned(), format!("{size}\n"));

        // Nothing cosigned yet: from 0, and from nowhere else.
        assert_eq!(ask(log.asks(7, 20)).await, size(0));
        let (status, content_type, line) = ask(log.asks(0, 20)).await;
        assert_eq!((status, content_type.as_str()), (200, TEXT));
        let note = format!("{}{line}", log.signed(20));
        assert_eq!(
            cosigned(note.as_bytes(), std::slice::from_ref(&witness.key)),
            Ok(1)
        );
        assert!(line.starts_with("— witness.example/it ") && line.ends_with('\n'));

        assert_eq!(ask(log.asks(0, 40)).await, size(20));
        assert_eq!(ask(log.asks(7, 40)).await, size(20));
        // The same again is cosigned again; another root of that size never.
        assert_eq!(ask(log.asks(20, 20)).await.0, 200);
        let other = log.asks(20, 20).replace(&log.signed(20), &fork.signed(20));
        assert_eq!(ask(other).await, size(20));
        assert_eq!(ask(fork.asks(20, 30)).await.0, 422);
        let unproved = log.asks(20, 40).replace(&log.asks(20, 40), &{
            let asked = log.asks(20, 40);
            let (_, checkpoint) = asked.split_once("\n\n").unwrap();
            format!("old 20\n\n{checkpoint}")
        });
        assert_eq!(ask(unproved).await.0, 422);

        assert_eq!(ask(stranger.asks(20, 40)).await.0, 403);
        let unsigned = log.asks(20, 40).replace("\n40\n", "\n41\n");
        assert_eq!(ask(unsigned).await.0, 403);
        assert_eq!(
            ask(log.asks(20, 40).replace(ORIGIN, "example.com/log"))
                .await
                .0,
            404
        );
        for malformed in [
            String::new(),
            "old 20\n".to_owned(),
            log.asks(20, 40).replacen("old 20", "old 020", 1),
            log.asks(20, 40).replacen("old 20", "old 41", 1),
            log.asks(20, 40)
                .replacen("old 20\n", &format!("old 20\n{}", "AAAA\n".repeat(64)), 1),
        ] {
            assert_eq!(ask(malformed.clone()).await.0, 400, "{malformed}");
        }
        let long = format!("{}{}", log.asks(20, 40), "— x AAAAAAA=\n".repeat(4_096));
        let refused = submit(to, &long).await;
        assert!(
            refused.is_none_or(|told| told.status == 413),
            "a body has an end"
        );
        let elsewhere = request(to, "POST /add-entry", "").await.unwrap();
        assert_eq!(elsewhere.status, 404);
        assert_eq!(
            request(to, "GET /add-checkpoint", "").await.unwrap().status,
            405
        );

        // None of that moved it.
        assert_eq!(ask(log.asks(20, 40)).await.0, 200);
        // Two roots at one size, and two checkpoints without a proof: kept for people, each once.
        let kept = fs::read_dir(base.path().join("w/evidence"))
            .unwrap()
            .count();
        assert_eq!(kept, 3);
    });
}

#[test]
fn of_two_requests_from_the_same_size_one_is_cosigned_and_the_other_told_how_far_it_is() {
    run(|| async {
        let log = Log::new(1).grown("entry", 250);
        let (_base, witness) = witness(&log).await;
        let mut old = 0;
        for round in 0..40 {
            let mut asked = JoinSet::new();
            let (to, sizes) = (
                witness.address,
                [old + 1, old + 2, old + 3, old + 4, old + 5],
            );
            for size in sizes {
                let body = log.asks(old, size);
                asked.spawn(async move { (size, submit(to, &body).await.unwrap()) });
            }
            let answers = asked.join_all().await;
            let won: Vec<usize> = answers
                .iter()
                .filter(|(_, told)| told.status == 200)
                .map(|(size, _)| *size)
                .collect();
            assert_eq!(won.len(), 1, "round {round}: {answers:?}");
            for (_, told) in answers.iter().filter(|(size, _)| *size != won[0]) {
                assert_eq!((told.status, &told.body), (409, &format!("{}\n", won[0])));
            }
            old = won[0];
        }
    });
}

#[test]
fn a_witness_remembers_and_a_new_key_of_the_ledger_goes_on_from_there() {
    run(|| async {
        let log = Log::new(1).grown("entry", 40);
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        made(&folder);
        let first = serve(&folder, vec![log.key()], Clock::System).await;
        assert_eq!(
            submit(first.address, &log.asks(0, 20))
                .await
                .unwrap()
                .status,
            200
        );
        first.stop().await;
        // The same history under the next key; the old one is forgotten.
        let next = Log::new(9).grown("entry", 40);
        let second = serve(&folder, vec![next.key()], Clock::System).await;
        let told = submit(second.address, &next.asks(0, 40)).await.unwrap();
        assert_eq!((told.status, told.body.as_str()), (409, "20\n"));
        assert_eq!(
            submit(second.address, &log.asks(20, 40))
                .await
                .unwrap()
                .status,
            403
        );
        assert_eq!(
            submit(second.address, &next.asks(20, 40))
                .await
                .unwrap()
                .status,
            200
        );
        second.stop().await;
        let both = serve(&folder, vec![log.key(), next.key()], Clock::System).await;
        assert_eq!(
            submit(both.address, &log.asks(40, 40))
                .await
                .unwrap()
                .status,
            200
        );
    });
}

#[test]
fn a_folder_that_is_damaged_shared_or_open_to_others_is_not_served() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("w");
    let key = made(&folder);
    let text = fs::read_to_string(folder.join("witness.vkey")).unwrap();
    assert_eq!(text.trim_end(), key.to_string());
    assert!(matches!(
        WitnessFolder::create(&folder, "witness.example/again"),
        Err(WitnessFolderError::Exists(_))
    ));
    let held = WitnessFolder::open(&folder).unwrap();
    assert!(matches!(
        WitnessFolder::open(&folder),
        Err(WitnessFolderError::Busy)
    ));
    drop(held);
    let secret = folder.join("witness.key");
    assert_eq!(
        fs::metadata(&secret).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        WitnessFolder::open(&folder),
        Err(WitnessFolderError::Mode(_))
    ));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_dir(folder.join("logs")).unwrap();
    assert!(matches!(
        WitnessFolder::open(&folder),
        Err(WitnessFolderError::NotOne(_))
    ));
}

#[test]
fn what_a_witness_did_not_cosign_itself_is_not_taken_for_its_memory() {
    run(|| async {
        let log = Log::new(1).grown("entry", 40);
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        made(&folder);
        let served = serve(&folder, vec![log.key()], Clock::System).await;
        assert_eq!(
            submit(served.address, &log.asks(0, 20))
                .await
                .unwrap()
                .status,
            200
        );
        served.stop().await;
        let file = fs::read_dir(folder.join("logs")).unwrap().next().unwrap();
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        // Set back to what the ledger signed earlier, or bare of the cosignature.
        let other = SignerKey::from_seed("witness.example/it", &[4; 32]).unwrap();
        let foreign = log.at(20).sign_with(&[&log.signer()]).unwrap();
        assert!(other.verifier().name() == "witness.example/it" && text.starts_with(&foreign));
        for damaged in [
            log.signed(7),
            foreign,
            text.replace("\n20\n", "\n7\n"),
            String::new(),
        ] {
            fs::write(&file, damaged).unwrap();
            let opened = opened(&folder).await;
            let opened = baton_server::Witness::open(opened, vec![log.key()], Clock::System);
            assert!(matches!(opened, Err(WitnessFolderError::Damaged(_))));
        }
    });
}
