//! Every set that decided anything is kept: a backup has them all, is refused without one, and brings
//! back the rules of its day.

use baton_domain::access::PolicyText;
use baton_wire::status::Reason;

use super::{asked, hash, without_send};
use crate::backup::{Files, backed_up};
use crate::harness::*;

on_both_engines! {
    async fn a_backup_has_every_set_that_entries_name_and_is_refused_without_one(exchange) {
        let (shipped, strict) = (PolicyText::shipped().hash(), hash(&without_send()));
        let officer = exchange.officer.clone();
        officer.replace(asked(&officer, &without_send(), &shipped)).await.unwrap();
        let files = Files::of(&backed_up(&officer).await.unwrap());

        let home = &exchange.home;
        home.tamper("CREATE TABLE kept AS SELECT * FROM policy_set").await;
        home.tamper("CREATE TABLE kept_change AS SELECT * FROM policy_change").await;
        for change in [
            format!("DELETE FROM policy_set WHERE hash = '{shipped}'"),
            format!("UPDATE policy_set SET body = body || '// more' WHERE hash = '{shipped}'"),
            format!("UPDATE policy_change SET hash = '{shipped}'"),
            "DELETE FROM policy_change".to_owned(),
        ] {
            home.tamper(&change).await;
            let answer = refused(backed_up(&officer).await);
            assert_eq!(answer.reason, Reason::BackupFailed, "{change}");
            home.tamper("DELETE FROM policy_set; INSERT INTO policy_set SELECT * FROM kept; \
                DELETE FROM policy_change; INSERT INTO policy_change SELECT * FROM kept_change").await;
        }
        backed_up(&officer).await.expect("it is as it was");

        exchange.stop().await;
        exchange.home.lose_database().await;
        exchange.restore(&files, (false, None)).await.unwrap();
        exchange.start(false).await.unwrap();
        assert_eq!(exchange.officer.in_force().await.hash, strict);
        let told = exchange.officer.policy_changes(0).await.unwrap();
        assert_eq!(told.changes[0].hash, strict);
        exchange.is_verified().await;

        // The head pointed elsewhere by hand: the entry of the backup itself shows it.
        exchange.home.tamper(&format!("UPDATE head SET policy = '{shipped}'")).await;
        let answer = refused(backed_up(&exchange.officer).await);
        assert_eq!(answer.reason, Reason::BackupFailed);
    }
}
