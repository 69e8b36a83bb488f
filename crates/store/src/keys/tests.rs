use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use super::*;

fn ledger() -> LedgerId {
    LedgerId::from_bytes([7; 16])
}

struct Home {
    _folder: tempfile::TempDir,
    at: PathBuf,
    master: MasterKey,
}

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("keys");
    Home {
        master: MasterKey::File(at.join("master.key")),
        at,
        _folder: folder,
    }
}

async fn made(home: &Home) -> Keys {
    let named = (ledger(), 1_000);
    Keys::create(&home.at, &home.master, named).await.unwrap()
}

#[tokio::test]
async fn a_key_opens_in_its_epoch_until_that_is_destroyed_and_no_other_epoch_opens_it() {
    let home = home();
    let keys = made(&home).await;
    let setting = SettingId::from_bytes([1; 16]);
    keys.turn_to(&keys.first().unwrap()).unwrap();
    let (wrapped, key) = keys.fresh_setting_key(&setting, 1).unwrap();
    let other = Keys::open(&home.at, &home.master).await.unwrap();
    let opened = other.open_setting_key(&setting, 1, &wrapped).unwrap();
    assert_eq!(opened.bytes(), key.bytes());

    let second = keys.lay_next(2_000).unwrap();
    assert_eq!(second.id, 2);
    let again = keys.lay_next(3_000).unwrap();
    assert_eq!(again, second, "it is not in force yet");

    keys.turn_to(&second).unwrap();
    assert_eq!(keys.lay_next(3_000).unwrap().id, 3);
    let (later, _) = keys.fresh_setting_key(&setting, 2).unwrap();
    other.turn_to(&second).expect("found on disk");
    assert!(other.open_setting_key(&setting, 2, &later).is_ok());
    assert!(other.open_setting_key(&setting, 1, &later).is_err());
    let stranger = SettingId::from_bytes([2; 16]);
    assert!(other.open_setting_key(&stranger, 2, &later).is_err());

    keys.destroy(1).unwrap();
    assert!(matches!(
        keys.open_setting_key(&setting, 1, &wrapped),
        Err(StoreError::EpochGone)
    ));
    let ids: Vec<_> = other
        .epochs()
        .unwrap()
        .iter()
        .map(|e| (e.id, e.opened_us))
        .collect();
    assert_eq!(
        ids,
        [(2, 3_000), (3, 3_000)],
        "opened when it was last laid"
    );
    assert!(other.open_setting_key(&setting, 1, &wrapped).is_err());
    let check = second.check.clone();
    for (id, check) in [(9, check.as_str()), (3, check.as_str())] {
        let wrong = NamedEpoch {
            id,
            check: check.to_owned(),
        };
        assert!(
            matches!(other.turn_to(&wrong), Err(StoreError::EpochMissing(_))),
            "{wrong:?}"
        );
    }
    assert_eq!(other.current(), 2, "and it stays where it was");
}

#[tokio::test]
async fn a_master_key_others_may_read_is_refused_and_a_wrong_one_too() {
    let home = home();
    made(&home).await;
    let MasterKey::File(path) = &home.master else {
        unreachable!()
    };
    let opened = async || Keys::open(&home.at, &home.master).await;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(opened().await, Err(StoreError::KeyFileMode(_))));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(path, file::encode_master(&Key::random().unwrap())).unwrap();
    assert!(matches!(
        opened().await,
        Err(StoreError::OtherMasterKey { .. })
    ));
    std::fs::remove_file(path).unwrap();
    assert!(matches!(opened().await, Err(StoreError::File { .. })));
    let named = (ledger(), 1_000);
    let again = Keys::create(&home.at, &home.master, named).await;
    assert!(again.is_err(), "an existing ring is never overwritten");
    assert!(!path.exists(), "and no other master key is made for it");
}

#[tokio::test]
async fn a_master_key_comes_from_a_command_as_it_would_from_the_file() {
    let home = home();
    made(&home).await;
    let MasterKey::File(path) = &home.master else {
        unreachable!()
    };
    let command =
        |words: &[&str]| MasterKey::Command(words.iter().map(|w| (*w).to_owned()).collect());
    let path = path.to_str().unwrap();
    let opened = async |words: &[&str]| Keys::open(&home.at, &command(words)).await.map(drop);
    opened(&["cat", path]).await.unwrap();
    for wrong in [
        &["false"][..],
        &["true"],
        &["echo", "baton-master-key-v1 bm90IDMyIGJ5dGVz"],
        &["/nowhere/kms"],
        &[],
    ] {
        assert!(opened(wrong).await.is_err(), "{wrong:?}");
    }
}

/// The moments of a replacement: what lies in the folder, by the names the ring has there.
const MOMENTS: [(&str, [&str; 3]); 6] = [
    ("before", ["old", "", ""]),
    ("half the new one is written", ["old", "half", ""]),
    (
        "the new one is written, and the old one has a second name",
        ["old", "new", "same"],
    ),
    ("the first one has two names", ["old", "same", ""]),
    ("the new one took the old one's place", ["new", "", "old"]),
    ("the old one is half overwritten", ["new", "", "half"]),
];

#[tokio::test]
async fn at_every_moment_of_a_change_of_master_keys_one_of_the_two_opens_the_ring() {
    let home = home();
    let keys = made(&home).await;
    let at = |name: &str| home.at.join(name);
    let old = std::fs::read(at("ring.json")).unwrap();
    let master = MasterKey::File(at("new.key"));
    let handed = home.master.hand_over(&master, false).await.unwrap();
    let opened = keys
        .open_handover(&handed.sealed, &handed.new)
        .await
        .unwrap();
    let Opened::New(staged) = opened else {
        panic!("{opened:?}")
    };
    keys.seal_under(&staged).unwrap();
    drop(staged);
    let new = std::fs::read(at("ring.json")).unwrap();
    assert!(keys.epochs().is_ok(), "and goes on with it");
    for (moment, lies) in MOMENTS {
        for (name, what) in ["ring.json", "ring.json.new", "ring.json.old"]
            .iter()
            .zip(lies)
        {
            let bytes = match what {
                "old" => &old[..],
                "new" => &new,
                "half" => &new[..new.len() / 2],
                "same" => {
                    std::fs::hard_link(at("ring.json"), at(name)).unwrap();
                    continue;
                }
                _ => continue,
            };
            let mut file = std::fs::OpenOptions::new();
            let file = file.write(true).create(true).truncate(true).mode(0o600);
            file.open(at(name)).unwrap().write_all(bytes).unwrap();
        }
        let open = async |master: &MasterKey| Keys::open(&home.at, master).await;
        let (under_old, under_new) = (open(&home.master).await, open(&master).await);
        assert_eq!(
            under_old.is_ok(),
            lies[0] == "old",
            "{moment}: {under_old:?}"
        );
        assert_eq!(
            under_new.is_ok(),
            lies[0] == "new",
            "{moment}: {under_new:?}"
        );
        for left in ["ring.json.new", "ring.json.old"] {
            assert!(!at(left).exists(), "{moment}: {left} was left");
        }
        let right = if lies[0] == "old" {
            &home.master
        } else {
            &master
        };
        let again = open(right).await;
        assert!(again.is_ok(), "{moment}: after tidying {again:?}");
    }
}

#[tokio::test]
async fn a_ring_that_was_being_replaced_when_the_process_died_is_whole_and_replaced_again() {
    let home = home();
    let keys = made(&home).await;
    std::fs::write(home.at.join("ring.json.new"), b"half a ri").unwrap();
    let opened = Keys::open(&home.at, &home.master).await.unwrap();
    assert_eq!(opened.epochs().unwrap().len(), 1);
    keys.turn_to(&keys.first().unwrap()).unwrap();
    assert_eq!(keys.lay_next(5).unwrap().id, 2);
    assert_eq!(opened.epochs().unwrap().len(), 2);
    assert!(!home.at.join("ring.json.new").exists());
}

#[tokio::test]
async fn a_list_of_the_erased_that_lies_without_a_ring_is_not_shortened_by_a_restore() {
    let home = home();
    made(&home).await;
    let (list, ring) = (home.at.join("erased"), home.at.join("ring.json"));
    file::write_new(&list, b"one\n").unwrap();
    let brought = Other {
        parts: Parts::read(&home.at).unwrap(),
        master: None,
    };
    file::replace(&list, b"one\ntwo\n").unwrap();
    std::fs::remove_file(&ring).unwrap();
    let gathered = Gathered::open(&home.at, &home.master, Some(brought), 1..=1);
    gathered.await.unwrap().write().unwrap();
    assert_eq!(std::fs::read(&list).unwrap(), b"one\ntwo\n");
    Keys::open(&home.at, &home.master).await.unwrap();
}

#[tokio::test]
async fn a_chunk_opens_in_its_own_place_only() {
    let home = home();
    let keys = made(&home).await;
    let (owner, other) = (
        SettingId::from_bytes([1; 16]),
        SettingId::from_bytes([2; 16]),
    );
    let (content, another) = (
        ContentId::from_bytes([3; 16]),
        ContentId::from_bytes([4; 16]),
    );
    let key = Key::random().unwrap();
    let own = keys.chunk_aad(&owner, (&content, 12), (1, false));
    let sealed = key.seal(&own, b"a chunk".to_vec()).unwrap();
    assert_eq!(key.open(&own, &sealed).unwrap(), b"a chunk");
    for elsewhere in [
        keys.chunk_aad(&other, (&content, 12), (1, false)),
        keys.chunk_aad(&owner, (&another, 12), (1, false)),
        keys.chunk_aad(&owner, (&content, 13), (1, false)),
        keys.chunk_aad(&owner, (&content, 12), (2, false)),
        keys.chunk_aad(&owner, (&content, 12), (1, true)),
        keys.content_aad(&owner, &content, 12),
    ] {
        assert!(key.open(&elsewhere, &sealed).is_err(), "{elsewhere}");
    }
}
