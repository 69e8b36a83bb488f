//! Until when a backup opens, and with which keys.

use std::fs;
use std::time::Duration;

use baton_store::{BackupError, MasterKey, Place, Restore, StoreError};
use baton_wire::v1::{self, Role};

use super::{Files, backed_up, nobody};
use crate::harness::*;
use crate::master_key::{handed, own, rotate};

/// Rotates until the first epoch is destroyed.
async fn past_the_first_epoch(exchange: &Exchange) {
    for _ in 0..3 {
        let request = v1::RotateKeysRequest {
            parent: exchange.officer.setting.clone(),
            request_id: fresh(),
        };
        exchange.officer.keys().rotate_keys(request).await.unwrap();
    }
    let ledger = exchange.running().ledger();
    while ledger.epochs().await.unwrap()[0].id == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

on_both_engines! {
    async fn a_backup_opens_as_long_as_its_epoch_is_kept_or_in_a_key_backup(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        past_the_first_epoch(exchange).await;
        exchange.stop().await;
        exchange.home.lose_database().await;
        let gone = exchange.restore(&files, (false, None)).await.unwrap_err();
        assert!(matches!(gone, BackupError::EpochGone(1)), "{gone}");
        exchange.restore(&files, (true, None)).await.unwrap();
        exchange.start(false).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        assert!(receiver.get(&published.name).await.is_ok());
    }

    async fn a_key_backup_from_before_another_master_key_opens_with_the_key_of_its_time(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        let old = exchange.home.base().join("old.key");
        fs::copy(own(&exchange.home), &old).unwrap();
        let (new, path) = handed(&exchange.home, "new.key").await;
        rotate(&exchange.officer, &new).await.unwrap();
        fs::rename(path, own(&exchange.home)).unwrap();
        past_the_first_epoch(exchange).await;
        exchange.stop().await;
        exchange.home.lose_database().await;

        // A ring of today lies there, which lacks the epoch.
        let of_today = exchange.restore(&files, (true, None)).await.unwrap_err();
        let told = StoreError::OtherMasterKey { needed: new.old.clone(), given: new.new.clone() };
        assert_eq!(of_today.to_string(), BackupError::Store(told).to_string());
        let both = Restore {
            keys_master: Some(MasterKey::File(old)),
            ..files.restore(true)
        };
        let place = exchange.home.place();
        both.run(&place, &exchange.clock, &nobody()).await.unwrap();
        exchange.start(false).await.unwrap();
        assert!(receiver.at(&exchange.door).get(&published.name).await.is_ok());
        exchange.stop().await;

        // And none does.
        let master = Some(MasterKey::File(exchange.home.lose_everything().await));
        let place = Place { master, ..place };
        both.run(&place, &exchange.clock, &nobody()).await.unwrap();
        exchange.start(false).await.expect("the ring is sealed under the key of today");
        assert!(receiver.at(&exchange.door).get(&published.name).await.is_ok());
        exchange.is_verified().await;
    }
}
