//! Documents in backups: those that stand, and those that are being sent.

use std::fs;

use baton_wire::status::Reason;
use baton_wire::v1::{Role, SectionKind};

use super::{Files, backed_up};
use crate::harness::*;

const KIND: SectionKind = SectionKind::Health;

on_both_engines! {
    async fn documents_come_back_from_a_backup_and_what_was_being_sent_goes_on(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await;
        let profile = published.unwrap().name;
        let file = plain(MARKER, 2 * CHUNK + 3);
        let name = sender.add(&profile, (KIND, MARKER), &file).await.unwrap();
        let removed = sender.add(&profile, (KIND, "removed later"), b"later").await.unwrap();
        let half = sender.begin(sender.announce(&profile, (KIND, "half"), &file)).await;
        let half = half.unwrap().name;
        sender.send_chunk(&half, 0, &file[..CHUNK]).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        let copied = fs::read(&files.content).unwrap();
        assert!(!copied.windows(MARKER.len()).any(|found| found == MARKER.as_bytes()));
        sender.remove_document(&removed).await.unwrap();
        exchange.stop().await;
        exchange.home.lose_database().await;

        exchange.restore(&files, (false, None)).await.unwrap();
        exchange.start(false).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        let (document, came) = receiver.download(&name).await;
        assert_eq!(document.unwrap().title, MARKER);
        assert!(came == file);
        let gone = refused(receiver.download(&removed).await.0);
        assert_eq!(gone.reason, Reason::PermissionDenied, "what was removed stays removed");
        sender.send_chunk(&half, 1, &file[CHUNK..2 * CHUNK]).await.unwrap();
        sender.send_chunk(&half, 2, &file[2 * CHUNK..]).await.unwrap();
        sender.finalise(&half).await.unwrap();
        assert!(receiver.download(&half).await.1 == file);
        exchange.is_verified().await;
    }

    async fn a_document_that_was_changed_is_found_when_a_backup_is_made(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await;
        let profile = published.unwrap().name;
        sender.add(&profile, (KIND, "whole"), &plain("whole", CHUNK + 1)).await.unwrap();
        backed_up(&exchange.officer).await.unwrap();
        let taken = "CREATE TABLE kept AS SELECT * FROM chunk WHERE idx = 1";
        exchange.home.tamper(&format!("{taken}; DELETE FROM chunk WHERE idx = 1")).await;
        assert_eq!(refused(backed_up(&exchange.officer).await).reason, Reason::BackupFailed);
        exchange.home.tamper("INSERT INTO chunk SELECT * FROM kept; DROP TABLE kept").await;
        backed_up(&exchange.officer).await.expect("as it was");
    }
}
